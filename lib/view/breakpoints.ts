/**
 * From which size of the terminal on a view has room for more. All of them are here, so that tabs change their shape at the same sizes; one that
 * differs has a reason of its own. A view compares the size that it is given: `cols >= FROM_COLS.wide`.
 */

/** Columns of the terminal. */
export const FROM_COLS = {
  /** Commands have more than their first word. */
  tiny: 50,
  /** Names of nodes and keys are shown in the room they commonly need; hints stand beside a toast. */
  small: 60,
  /** What a terminal of 80 columns shows: commands, names and ages in words. */
  standard: 76,
  /** Long names, long bars, full captions. */
  wide: 100,
  /** The longest names and bars, and words in place of short forms. */
  spacious: 130,

  /** Long bars of a machine: its lines hold little else. */
  machineBars: 70,
  /** Whole titles and states in the list of tabs. */
  pickerTitles: 80,
  /** PCI addresses beside the matrix of the topology. */
  pciAddresses: 80,
  /** The help in two columns, each as wide as its longest line. */
  helpSideBySide: 110,
  /** Models and owners of GPUs in the list of all GPUs, which has the most columns. */
  gpuOwners: 112,
  /** A long trend on the card of a GPU, beside its bars. */
  cardTrends: 140,
  /** Sizes and means behind the totals of the cluster, beside four graphs. */
  totalsInFull: 150,
  /** A trend of 40 samples for each user, without a loss to the command. */
  longTrends: 160,
} as const;

/** Rows that a tab has for its body. */
export const FROM_ROWS = {
  /** More than one line of summary above a table. */
  summaries: 10,
  /** All that is said of the connection, above a node's GPUs. */
  connection: 12,
  /** Totals of several lines, and a sign for each node. */
  nodeSigns: 14,
  /** The meaning of these signs. */
  nodeLegend: 20,
} as const;

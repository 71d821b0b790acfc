/**
 * The terminal sizes from which views show more. All of them are here, so that tabs change their layout at the same sizes; a size of its
 * own has a reason. A view compares the size that it is given: `cols >= FROM_COLS.wide`.
 */

/** Columns of the terminal. */
export const FROM_COLS = {
  /** Commands are longer than their first word. */
  tiny: 50,
  /** Names of nodes and keys get their usual width; hints are shown next to a toast. */
  small: 60,
  /** A terminal of 80 columns: commands, names, and ages in words. */
  standard: 76,
  /** Long names, long bars, full column headers. */
  wide: 100,
  /** The longest names and bars, and words instead of short forms. */
  spacious: 130,

  /** Long bars of a machine: its lines contain little else. */
  machineBars: 70,
  /** Full titles and states in the list of tabs. */
  pickerTitles: 80,
  /** PCI addresses next to the matrix of the topology. */
  pciAddresses: 80,
  /** The help in two columns, each as wide as its longest line. */
  helpSideBySide: 110,
  /** Models and owners of GPUs in the list of all GPUs, which has the most columns. */
  gpuOwners: 112,
  /** A long trend on the card of a GPU, next to its bars. */
  cardTrends: 140,
  /** Totals and means of the cluster next to four graphs. */
  totalsInFull: 150,
  /** A trend of 40 samples for each user, without shortening the command. */
  longTrends: 160,
} as const;

/** Rows of the body of a tab. */
export const FROM_ROWS = {
  /** More than one line of summary above a table. */
  summaries: 10,
  /** All lines about the connection, above a node's GPUs. */
  connection: 12,
  /** Totals of several lines, and a sign for each node. */
  nodeSigns: 14,
  /** The legend of these signs. */
  nodeLegend: 20,
} as const;

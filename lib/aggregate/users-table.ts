/**
 * The users of a cluster as columns; row i is element i of each array; in another grouping, a user is an account, a job, a namespace or a
 * team. Rows below `count` use GPUs or have GPUs allocated to them; those from there up to `countAll` have only processes on no GPU. Both are sorted by name. NaN: not reported.
 */
export interface UsersTable {
  readonly count: number;
  readonly countAll: number;
  /** Distinct nodes, (node, GPU) pairs and (node, pid) pairs of rows that are on a GPU. */
  readonly nodes: Int32Array;
  readonly gpus: Int32Array;
  readonly procs: Int32Array;
  /** Distinct nodes and (node, pid) pairs, counting rows on no GPU too. */
  readonly nodesAll: Int32Array;
  readonly procsAll: Int32Array;
  /** NaN where none of the user's processes reports it, and for users of no GPU. */
  readonly vramBytes: Float64Array;
  /** 1: some process of the user does not report it, so the true figure is larger. */
  readonly vramPartial: Uint8Array;
  /**
   * Sum over the user's GPUs of max(0, power) times the user's part of the bytes that processes hold there. NaN where none is known, and
   * for users of no GPU.
   */
  readonly powerWatts: Float64Array;
  /** The same by use: the idle floor of each GPU by memory, the rest by SM percent. See `PowerShares`. */
  readonly powerByUseWatts: Float64Array;
  /** 1: some of it is by memory, because SM percents are not reported, or over an idle floor that is only estimated. */
  readonly powerEstimated: Uint8Array;
  /** 1: the user holds memory on a GPU whose power, or the user's part of it, is not known: the true figure is larger. */
  readonly powerPartial: Uint8Array;
  /** GPU equivalents: sum of SM percent / 100; NaN where no row of the user reports it. */
  readonly sm: Float64Array;
  readonly longestSeconds: Float64Array;
  /** GPUs that a scheduler has given to the user, used or not; NaN where no allocation is known. */
  readonly allocatedGpus: Float64Array;
  /** Of them, those that are known to be free or held idle. */
  /** GPUs allocated on nodes that do not report processes: which of them are in use is not known. */
  readonly unseenGpus: Float64Array;
  readonly allocatedIdleGpus: Float64Array;
  /** GPUs that the user holds, by processes or by an allocation, and computes nothing on; NaN: not known of any. */
  readonly heldIdleGpus: Float64Array;
  /** Position among all rows in byte order of the names: the tie-break of every sort, and the order by user. */
  readonly nameRank: Int32Array;
  /** '' for rows of no user. */
  user(row: number): string;
  /** `root`, or a name that is an unsigned integer below 1000. */
  system(row: number): boolean;
  /**
   * Command of the row with the most GPU bytes (ties: node order, pid, GPU); its process name when empty. Where all hold none, that of the
   * longest running process: of those on GPUs, or of all where the user has none there and `all` is set.
   */
  command(row: number, all?: boolean): string;
  /** The users whose processes and allocations are in the row, by name. */
  usersOf(row: number): readonly string[];
  /** Age of the user's oldest process, on a GPU or not, in seconds. */
  longestOfAll(row: number): number;
  /** Row of a user's name, possibly `count` or above; -1: not found. */
  find(user: string): number;
  readonly totals: UserTotals;
}

/** Only nodes that count are in the figures; `hosts` are all of the scope. */
export interface UserTotals {
  /** Nodes reporting process data, of all nodes of the scope. */
  readonly reporting: number;
  readonly nodes: number;
  /** Of them, those on which a scheduler has allocated GPUs. */
  readonly allocating: number;
  /** Distinct GPUs with at least one process on them. */
  readonly gpusInUse: number;
  /** GPU bytes of all process rows. */
  readonly ownedBytes: number;
  /** Of those, bytes of system accounts. */
  readonly systemBytes: number;
  /** GPU memory in use on reporting nodes that no exported process owns: sum of max(0, used - owned) over GPUs. */
  readonly unownedBytes: number;
  /**
   * Power attributed to users by their share of bytes, and power of GPUs on which no bytes are held. Together: all power that is reported.
   */
  readonly attributedWatts: number;
  readonly unattributedWatts: number;
  /** The same by use. */
  readonly attributedByUseWatts: number;
  readonly unattributedByUseWatts: number;
}

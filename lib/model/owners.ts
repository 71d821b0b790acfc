/** On whose behalf something runs or is allocated. Each is an interned name (see `UserNames`); 0: not reported. */
export const OWNERS = ['user', 'account', 'job', 'namespace', 'pod', 'team'] as const;
export type Owner = (typeof OWNERS)[number];

/** Row `i` is element `i` of each array. */
export type Owners = Readonly<Record<Owner, Int32Array>>;

/** By what usage can be added up. */
export const GROUPINGS = ['user', 'account', 'job', 'namespace', 'team'] as const satisfies readonly Owner[];
export type Grouping = (typeof GROUPINGS)[number];

/** What is known of the owners of a node's processes, row by row. `owners.user` is the user of the row. */
export interface ProcessOwners {
  readonly owners: Owners;
  /** The account that runs the process where the user is the person behind it: 'root'. Else 0. */
  readonly runsAs: Int32Array;
  readonly container: Int32Array;
}

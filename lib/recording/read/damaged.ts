/** Bytes of a recording that are not what they should be. It costs the frames they hold, not the replay. */
export class Damaged extends Error {}

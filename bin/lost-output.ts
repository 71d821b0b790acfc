/** The output of commands without a screen: lines for people, which may be lost. */

/**
 * A log on a full disk, or into a pipe without a reader, must not end a service. What can't be written is lost; a later line
 * may be written again.
 */
export function surviveLostOutput(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

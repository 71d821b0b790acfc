/** The memory of a program that runs all day. */
import v8 from 'node:v8';

/**
 * Keeps the part of the heap where V8 creates objects at its initial size of 2 MB; it would grow to 32 MB and never shrink. What a scrape or a
 * frame creates is garbage when it is done, so collecting it more often costs little.
 */
export function keepYoungGenerationSmall(): void {
  v8.setFlagsFromString('--semi-space-growth-factor=1');
}

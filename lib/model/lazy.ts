/** A value that is computed on first use and then kept: for values that are expensive to compute and never change. */
export function lazy<T>(make: () => T): () => T {
  let made: { readonly it: T } | undefined;
  return () => (made ??= { it: make() }).it;
}

/** Made when it is first asked for, and only then: what is dear to make and the same ever after. */
export function lazy<T>(make: () => T): () => T {
  let made: { readonly it: T } | undefined;
  return () => (made ??= { it: make() }).it;
}

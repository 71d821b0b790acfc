/** A shell script as text. */
declare module '*.sh' {
  const text: string;
  export default text;
}

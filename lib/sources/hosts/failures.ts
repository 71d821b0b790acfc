/** Network failures as errors of the table: one sentence for each, with advice. */
import { AppError, type ErrorCode, type ErrorParams } from '../../errors.js';
import { clean } from '../../text/sanitize.js';

/** Error codes of node, its resolver, its TLS and zlib. */
const FAILURES: Readonly<Record<string, readonly [ErrorCode, string?]>> = {
  ECONNREFUSED: ['S_REFUSED'],
  ENOTFOUND: ['S_DNS'],
  ENODATA: ['S_DNS'],
  EAI_NONAME: ['S_DNS'],
  EAI_AGAIN: ['S_NETWORK', 'no response from the DNS server'],
  EAI_FAIL: ['S_NETWORK', 'the DNS server failed'],
  EHOSTUNREACH: ['S_NETWORK', 'no route to the host'],
  EHOSTDOWN: ['S_NETWORK', 'the host is down'],
  ENETUNREACH: ['S_NETWORK', 'network unreachable'],
  ENETDOWN: ['S_NETWORK', 'network down'],
  ETIMEDOUT: ['S_NETWORK', 'the connection timed out'],
  EADDRNOTAVAIL: ['S_NETWORK', 'no free local port'],
  EMFILE: ['S_NOT_SCRAPED', 'too many open files here; raise ulimit -n'],
  ENFILE: ['S_NOT_SCRAPED', 'too many open files on this machine'],
  EACCES: ['S_NETWORK', 'not permitted to connect'],
  EPERM: ['S_NETWORK', 'not permitted to connect'],
  ECONNRESET: ['S_CUT'],
  ECONNABORTED: ['S_CUT'],
  EPIPE: ['S_CUT'],
  ERR_STREAM_PREMATURE_CLOSE: ['S_CUT'],
  ERR_HTTP_CONTENT_LENGTH_MISMATCH: ['S_CUT'],
  HPE_INVALID_EOF_STATE: ['S_CUT'],
  EPROTO: ['S_TLS', 'the server does not use TLS'],
  ERR_SSL_WRONG_VERSION_NUMBER: ['S_TLS', 'the server does not use TLS'],
  DEPTH_ZERO_SELF_SIGNED_CERT: ['S_TLS', 'self-signed certificate'],
  SELF_SIGNED_CERT_IN_CHAIN: ['S_TLS', 'self-signed certificate in the chain'],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ['S_TLS', 'certificate of an unknown authority'],
  UNABLE_TO_GET_ISSUER_CERT: ['S_TLS', 'certificate of an unknown authority'],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ['S_TLS', 'certificate of an unknown authority'],
  CERT_HAS_EXPIRED: ['S_TLS', 'the certificate has expired'],
  CERT_NOT_YET_VALID: ['S_TLS', 'the certificate is not valid yet'],
  ERR_TLS_CERT_ALTNAME_INVALID: ['S_TLS', 'the certificate is for another name'],
  ERR_SSL_UNSUPPORTED_PROTOCOL: ['S_TLS', 'no TLS version in common'],
};

const REJECTED = 'the server rejected the client certificate';
/** What the server says before it ends a connection, by the number of the alert in RFC 8446. */
const ALERTS: Readonly<Record<string, string>> = {
  40: 'the server refused the handshake; it may want a client certificate',
  42: REJECTED,
  43: REJECTED,
  44: REJECTED,
  45: REJECTED,
  46: REJECTED,
  48: REJECTED,
  49: REJECTED,
  70: 'no TLS version in common',
  116: 'the server wants a client certificate',
};

/** Families of codes, for codes that are not in the table. */
const FAMILIES: readonly (readonly [RegExp, ErrorCode, string?])[] = [
  [/^HPE_/, 'S_NETWORK', 'the response is not HTTP'],
  [/^(Z_|ERR__?ZLIB|ERR_BROTLI|ERR_ZSTD|ERR__ERROR_FORMAT|ERR_PADDING)/, 'S_ENCODING', 'the compressed data is damaged'],
  [/^(ERR_TLS|ERR_SSL|CERT_)/, 'S_TLS'],
];

const MAX_REASON_BYTES = 120;

/** Converts `thrown` to an error of the table; an error without a network code keeps its own message. */
export function failureOf(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  const { code = '', message } = thrown instanceof Error ? (thrown as NodeJS.ErrnoException) : { message: String(thrown) };
  const alert = /SSL alert number (\d+)/.exec(message)?.[1];
  if (alert !== undefined) return new AppError('S_TLS', { reason: ALERTS[alert] ?? `the server refused the handshake (alert ${alert})` });
  const [errorCode, known] = FAILURES[code] ?? FAMILIES.find(([family]) => family.test(code))?.slice(1) ?? ['S_NETWORK'];
  // got has the same message for each; the cause is dropped because it contains the request's headers.
  return new AppError(errorCode as ErrorCode, {
    reason: (known as string | undefined) ?? clean(message, MAX_REASON_BYTES),
  } satisfies ErrorParams);
}

/**
 * How requests prove who sends them, and whom they trust. Made of an http config (`http-config.ts`), of a token, or of both. Every HTTP client asks
 * here for the headers and the TLS options of each request, and which redirects it may follow. Files are read again when they have changed.
 */
import type { ConnectionOptions, SecureContext } from 'node:tls';
import { AppError, readReason } from '../../errors.js';
import type { Clock, Ms } from '../../model/clock.js';
import { clean } from '../../text/sanitize.js';
import { fileSignature } from '../files/text-file.js';
import { readHttpConfig, type HttpConfig, type Source, type TlsConfig } from './http-config.js';

/** How long the files of a config are taken as unchanged. */
const UNCHANGED_MS: Ms = 1000;
/** A bundle of certificates has 250 KB. */
const MAX_FILE_BYTES = 2 ** 21;
/** Printable, and what HTTP allows beyond ASCII. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

export interface AccessOptions {
  readonly clock: Clock;
  /** Credentials are sent to http:// addresses too. Default: such a request is refused. */
  readonly overHttp?: boolean;
  /** A bearer token, where the config has no other authorization. */
  readonly token?: string;
}

const NO_TLS: ConnectionOptions = {};

/** What to send with a request. */
export interface RequestParts {
  /** Of which no part may be shown. */
  readonly headers: Readonly<Record<string, string | string[]>>;
  /** For connections over TLS. The same object until a file changes; then kept connections must not be used again (`HttpAgents`). */
  readonly tls: ConnectionOptions;
}

/** The files as they are now. */
interface Loaded extends RequestParts {
  readonly signature: string;
  readonly secrets: readonly string[];
}

export class HttpAccess {
  /** Whether requests have anything in them that others must not read. */
  readonly hasCredentials: boolean;
  readonly #config: HttpConfig;
  readonly #options: AccessOptions;
  readonly #files: readonly string[];
  #loaded: Loaded | undefined;
  #loading: Promise<Loaded> | undefined;
  #checkedAt: Ms = -Infinity;

  constructor(config: HttpConfig, options: AccessOptions) {
    const { token } = options;
    const hasOwn = (config.authorization ?? config.basicAuth) !== undefined;
    this.#options = options;
    this.#config = token === undefined || hasOwn ? config : { ...config, authorization: { type: 'Bearer', credentials: { text: token } } };
    const { authorization, basicAuth, headers = [] } = this.#config;
    this.hasCredentials = (authorization ?? basicAuth) !== undefined || headers.some(({ isSecret }) => isSecret);
    this.#files = sourcesOf(this.#config).flatMap((source) => ('file' in source ? [source.file] : []));
  }

  /** Of the http config in a file, with all that it names. Throws `E_HTTP_CONFIG`. */
  static async read(file: string, options: AccessOptions): Promise<HttpAccess> {
    const access = new HttpAccess(await readHttpConfig(file), options);
    try {
      await access.#current();
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      throw new AppError('E_HTTP_CONFIG', { file: clean(file, 200), reason: error.params.reason ?? error.message }, { cause: error });
    }
    return access;
  }

  /** For a request to `url`. Rejects with an AppError (`S_ACCESS`) where it must not be sent. */
  async request(url: URL): Promise<RequestParts> {
    if (this.hasCredentials && url.protocol === 'http:' && this.#options.overHttp !== true)
      throw new AppError('S_ACCESS', { reason: 'credentials are not sent to an http:// address' });
    return this.#current();
  }

  /**
   * Where to go from `from`. Allowed are redirects to the same host and port, and without credentials from http to https on the same host;
   * never with a user name and password, which would be sent in place of ours. Throws `S_REDIRECT`.
   */
  redirected(from: URL, location: string): URL {
    const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
    const refused = this.#refusal(from, to);
    if (refused !== undefined || !to) throw new AppError('S_REDIRECT', { reason: this.hide(refused ?? '') });
    return to;
  }

  /** `text` up to the first secret in it: a server may send one back. */
  hide(text: string): string {
    // In the name of a host it is in lower case.
    const lower = text.toLowerCase();
    const found = (this.#loaded?.secrets ?? []).map((secret) => lower.indexOf(secret.toLowerCase())).filter((at) => at >= 0);
    return found.length === 0 ? text : `${text.slice(0, Math.min(...found))}...`;
  }

  #refusal(from: URL, to: URL | undefined): string | undefined {
    if (this.#config.followRedirects === false) return 'follow_redirects is false';
    if (!to) return 'to no valid address';
    if (to.protocol !== 'http:' && to.protocol !== 'https:') return `to a ${to.protocol} address`;
    if (to.hostname !== from.hostname) return `to another host, ${to.host}`;
    if (to.username !== '' || to.password !== '') return 'with a user name or a password';
    if (to.protocol === from.protocol && to.host === from.host) return undefined;
    const isUpgrade = from.protocol === 'http:' && to.protocol === 'https:';
    if (isUpgrade && !this.hasCredentials) return undefined;
    return `to ${to.protocol}//${to.host}${isUpgrade ? ', with credentials' : ''}`;
  }

  async #current(): Promise<Loaded> {
    const now = this.#options.clock.now();
    const isRecent = this.#files.length === 0 || Math.abs(now - this.#checkedAt) < UNCHANGED_MS;
    if (this.#loaded && isRecent) return this.#loaded;
    this.#loading ??= this.#load().finally(() => (this.#loading = undefined));
    return this.#loading;
  }

  async #load(): Promise<Loaded> {
    const startedAt = this.#options.clock.now();
    const signature = (await Promise.all(this.#files.map(signatureOf))).join('\n');
    const before = this.#loaded;
    if (before?.signature !== signature) {
      const texts = new Map(await Promise.all(this.#files.map(async (file) => [file, await contentsOf(file)] as const)));
      const read = (source: Source): string => ('file' in source ? texts.get(source.file)! : source.text);
      const [headers, secrets] = headersOf(this.#config, read);
      this.#loaded = { signature, headers, secrets, tls: this.#config.tls ? await tlsOptions(this.#config.tls, read) : NO_TLS };
    }
    this.#checkedAt = startedAt;
    return this.#loaded!;
  }
}

const sourcesOf = ({ authorization, basicAuth, headers = [], tls }: HttpConfig): readonly Source[] =>
  [
    authorization?.credentials,
    basicAuth?.username,
    basicAuth?.password,
    ...headers.flatMap(({ values }) => values),
    tls?.ca,
    tls?.cert,
    tls?.key,
  ].filter((source) => source !== undefined);

const failed = (reason: string, cause?: unknown): AppError => new AppError('S_ACCESS', { reason }, { cause });
const nameOf = (file: string): string => clean(file, 200);

const signatureOf = (file: string): Promise<string> =>
  fileSignature(file, (reason, cause) => failed(`${nameOf(file)}: ${reason}`, cause), MAX_FILE_BYTES);

async function contentsOf(file: string): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  try {
    // As Prometheus does: an editor ends a file with a newline, which is no part of a password.
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw failed(`${nameOf(file)}: ${readReason(error)}`, error);
  }
}

function headersOf(
  { authorization, basicAuth, headers = [] }: HttpConfig,
  read: (source: Source) => string,
): readonly [RequestParts['headers'], readonly string[]] {
  const sent: Record<string, string | string[]> = {};
  const secrets: string[] = [];
  for (const { name, values, isSecret } of headers) {
    const texts = values.map((value) => inHeader(read(value), `the header ${name}`));
    sent[name] = texts.length === 1 ? texts[0]! : texts;
    if (isSecret) secrets.push(...texts);
  }
  if (authorization) {
    const credentials = inHeader(read(authorization.credentials), 'the credentials');
    sent.authorization = `${authorization.type} ${credentials}`;
    secrets.push(credentials);
  }
  if (basicAuth) {
    const password = basicAuth.password ? read(basicAuth.password) : '';
    const both = Buffer.from(`${read(basicAuth.username)}:${password}`).toString('base64');
    sent.authorization = `Basic ${both}`;
    secrets.push(password, both);
  }
  return [sent, secrets.filter((secret) => secret !== '')];
}

function inHeader(text: string, what: string): string {
  if (text === '') throw failed(`${what} ${what.endsWith('s') ? 'are' : 'is'} empty`);
  if (!HEADER_VALUE.test(text)) throw failed(`${what} contain${what.endsWith('s') ? '' : 's'} characters that are not allowed in a header`);
  return text;
}

async function tlsOptions(tls: TlsConfig, read: (source: Source) => string): Promise<ConnectionOptions> {
  const [{ checkServerIdentity }, { isIP }] = await Promise.all([import('node:tls'), import('node:net')]);
  const { serverName, insecureSkipVerify = false } = tls;
  return {
    secureContext: await secureContextOf(tls, read),
    rejectUnauthorized: !insecureSkipVerify,
    ...(serverName === undefined
      ? {}
      : {
          // An address is not sent as a name.
          servername: isIP(serverName) ? '' : serverName,
          checkServerIdentity: (_host, certificate) => checkServerIdentity(serverName, certificate),
        }),
  };
}

async function secureContextOf(
  { ca, cert, key, minVersion, maxVersion }: TlsConfig,
  read: (source: Source) => string,
): Promise<SecureContext> {
  const [{ createSecureContext }, { X509Certificate, createPrivateKey }] = await Promise.all([import('node:tls'), import('node:crypto')]);
  const textOf = (source: Source | undefined, what: string, parse: (pem: string) => unknown): string | undefined => {
    if (!source) return undefined;
    const text = read(source);
    const name = 'file' in source ? nameOf(source.file) : what;
    try {
      parse(text);
    } catch (error) {
      const encrypted = /PASSPHRASE|INTERRUPTED_OR_CANCELLED|BAD_DECRYPT/.test((error as NodeJS.ErrnoException).code ?? '');
      // The cause may quote what was read.
      throw failed(encrypted ? `${name}: the key has a passphrase, which is not supported` : `${name} is not ${what} in PEM`);
    }
    return text;
  };
  const options = {
    ca: textOf(ca, 'a certificate', (pem) => new X509Certificate(pem)),
    cert: textOf(cert, 'a certificate', (pem) => new X509Certificate(pem)),
    key: textOf(key, 'a private key', (pem) => createPrivateKey(pem)),
    minVersion,
    maxVersion,
  };
  try {
    return createSecureContext(options);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (/KEY_VALUES_MISMATCH|KEY_TYPE_MISMATCH/.test(code)) throw failed('the certificate and the key do not belong together');
    throw failed(`tls_config cannot be used (${clean(code || 'wrong settings', 60)})`);
  }
}

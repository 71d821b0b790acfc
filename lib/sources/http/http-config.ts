/** The http config of Prometheus, as in a scrape config, or in the file of `promtool --http.config.file`: what a client sends and whom it trusts. */
import { dirname, resolve } from 'node:path';
import type { SecureVersion } from 'node:tls';
import { AppError } from '../../errors.js';
import { clean } from '../../text/sanitize.js';
import { readTextFile } from '../files/text-file.js';
import { parseYaml, type YamlValue } from '../files/yaml.js';

/** Given in the config, or in a file that may change at any time. */
export type Source = { readonly text: string } | { readonly file: string };

export interface HttpConfig {
  readonly authorization?: { readonly type: string; readonly credentials: Source };
  readonly basicAuth?: { readonly username: Source; readonly password?: Source };
  readonly headers?: readonly HttpHeader[];
  readonly tls?: TlsConfig;
  /** Default true. */
  readonly followRedirects?: boolean;
}

export interface HttpHeader {
  readonly name: string;
  readonly values: readonly Source[];
  /** Whether a value is secret. */
  readonly isSecret: boolean;
}

/** Certificates and the key are PEM. */
export interface TlsConfig {
  readonly ca?: Source;
  readonly cert?: Source;
  readonly key?: Source;
  /** The name that the certificate must have, where it is not that of the address. */
  readonly serverName?: string;
  readonly insecureSkipVerify?: boolean;
  readonly minVersion?: SecureVersion;
  readonly maxVersion?: SecureVersion;
}

const MAX_CONFIG_BYTES = 2 ** 18;

const VERSIONS: Readonly<Record<string, SecureVersion>> = { TLS10: 'TLSv1', TLS11: 'TLSv1.1', TLS12: 'TLSv1.2', TLS13: 'TLSv1.3' };

/** Set by the client, or part of how a request is sent. */
const RESERVED =
  /^(authorization|host|content-(encoding|length|type)|user-agent|connection|keep-alive|te|trailer|transfer-encoding|upgrade|accept-encoding|proxy-.*|www-authenticate|expect|date)$/;
const HEADER_NAME = /^[!#$%&'*+.^`|~\w-]+$/;

/** Keys of Prometheus that are not supported. */
const UNSUPPORTED = ['oauth2', 'proxy_url', 'proxy_from_environment', 'no_proxy', 'proxy_connect_header'];
/** Keys without a meaning here. */
const IGNORED = ['enable_http2'];
const KEYS = [
  'authorization',
  'basic_auth',
  'bearer_token',
  'bearer_token_file',
  'tls_config',
  'http_headers',
  'follow_redirects',
  ...IGNORED,
];

/** Throws `E_HTTP_CONFIG`, which never quotes the file. */
export async function readHttpConfig(path: string): Promise<HttpConfig> {
  const file = clean(path, 200);
  const text = await readTextFile(path, MAX_CONFIG_BYTES, (reason, cause) => new AppError('E_HTTP_CONFIG', { file, reason }, { cause }));
  return parseHttpConfig(text, path);
}

/** Files in the config are relative to that of the config. */
export async function parseHttpConfig(text: string, path: string): Promise<HttpConfig> {
  const file = clean(path, 200);
  const root = await parseYaml(text, (where, reason) => new AppError('E_HTTP_CONFIG', { file: `${file}, ${where}`, reason }));
  const at = (name: string): string => resolve(dirname(path), name);
  const keys = root.map('the http config', [...KEYS, ...UNSUPPORTED]);
  for (const name of UNSUPPORTED) {
    const value = keys.get(name);
    if (value && !value.isEmpty) throw value.fault(`${name} is not supported`);
  }
  const authorization = authorizationOf(keys, at);
  const basicAuth = basicAuthOf(keys.get('basic_auth'), at);
  if (authorization && basicAuth) throw keys.get('basic_auth')!.fault('basic_auth and another authorization are both set');
  const headers = headersOf(keys.get('http_headers'), at);
  const tls = tlsOf(keys.get('tls_config'), at);
  return {
    ...(authorization ? { authorization } : {}),
    ...(basicAuth ? { basicAuth } : {}),
    ...(headers ? { headers } : {}),
    ...(tls ? { tls } : {}),
    followRedirects: keys.get('follow_redirects')?.flag('follow_redirects') ?? true,
  };
}

type Keys = ReadonlyMap<string, YamlValue>;
type At = (name: string) => string;

/** The value of `key`, or of the file that `key_file` names. */
function sourceOf(keys: Keys, key: string, at: At): Source | undefined {
  const [given, file] = [keys.get(key), keys.get(`${key}_file`)].map((value) => (value && !value.isEmpty ? value : undefined));
  if (given && file) throw file.fault(`both ${key} and ${key}_file are set`);
  if (file) return { file: at(file.text(`${key}_file`)) };
  return given && { text: given.text(key) };
}

function authorizationOf(keys: Keys, at: At): HttpConfig['authorization'] {
  const given = keys.get('authorization');
  const old = sourceOf(keys, 'bearer_token', at);
  if (!given) return old && { type: 'Bearer', credentials: old };
  if (old) throw given.fault('both authorization and bearer_token are set');
  const parts = given.map('authorization', ['type', 'credentials', 'credentials_file']);
  const type = parts.get('type')?.text('type').trim() || 'Bearer';
  if (!HEADER_NAME.test(type)) throw parts.get('type')!.fault('type is not a word');
  if (type.toLowerCase() === 'basic') throw given.fault('type is Basic; use basic_auth');
  const credentials = sourceOf(parts, 'credentials', at);
  if (!credentials) throw given.fault('authorization has no credentials and no credentials_file');
  return { type, credentials };
}

function basicAuthOf(given: YamlValue | undefined, at: At): HttpConfig['basicAuth'] {
  if (!given) return undefined;
  const parts = given.map('basic_auth', ['username', 'username_file', 'password', 'password_file']);
  const username = sourceOf(parts, 'username', at);
  const password = sourceOf(parts, 'password', at);
  if (!username) throw given.fault('basic_auth has no username');
  return { username, ...(password ? { password } : {}) };
}

function headersOf(given: YamlValue | undefined, at: At): readonly HttpHeader[] | undefined {
  return (
    given &&
    [...given.map('http_headers')].map(([name, value]) => {
      if (!HEADER_NAME.test(name)) throw value.fault('not the name of a header');
      if (RESERVED.test(name.toLowerCase())) throw value.fault(`the header ${name} cannot be set here`);
      const parts = value.map('a header', ['values', 'secrets', 'files']);
      const textsOf = (key: string): readonly string[] =>
        parts
          .get(key)
          ?.list(key)
          .map((one) => one.text(key)) ?? [];
      const [secrets, files] = [textsOf('secrets'), textsOf('files')];
      return {
        name,
        values: [...[...textsOf('values'), ...secrets].map((text) => ({ text })), ...files.map((file) => ({ file: at(file) }))],
        isSecret: secrets.length + files.length > 0,
      };
    })
  );
}

function tlsOf(given: YamlValue | undefined, at: At): TlsConfig | undefined {
  if (!given) return undefined;
  const files = ['ca', 'cert', 'key'].flatMap((name) => [name, `${name}_file`]);
  const parts = given.map('tls_config', [...files, 'server_name', 'insecure_skip_verify', 'min_version', 'max_version']);
  const [ca, cert, key] = ['ca', 'cert', 'key'].map((name) => sourceOf(parts, name, at));
  if ((cert === undefined) !== (key === undefined)) throw given.fault(`tls_config has a ${cert ? 'cert and no key' : 'key and no cert'}`);
  const serverName = parts.get('server_name')?.text('server_name') ?? '';
  const version = (name: string): SecureVersion | undefined => {
    const value = parts.get(name);
    if (!value || value.isEmpty) return undefined;
    const word = value.text(name);
    if (!Object.hasOwn(VERSIONS, word)) throw value.fault(`${name} is not one of: ${Object.keys(VERSIONS).join(', ')}`);
    return VERSIONS[word];
  };
  const [minVersion, maxVersion] = [version('min_version'), version('max_version')];
  return {
    ...(ca ? { ca } : {}),
    ...(cert && key ? { cert, key } : {}),
    ...(serverName === '' ? {} : { serverName }),
    insecureSkipVerify: parts.get('insecure_skip_verify')?.flag('insecure_skip_verify') ?? false,
    ...(minVersion ? { minVersion } : {}),
    ...(maxVersion ? { maxVersion } : {}),
  };
}

/** Certificates for tests, created with node:crypto only. */
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

const der = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts);
  const length = body.length < 128 ? [body.length] : body.length < 256 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
};
const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
const oid = (...bytes: number[]): Buffer => der(0x06, Buffer.from(bytes));
const utcTime = (at: Date): Buffer =>
  der(
    0x17,
    Buffer.from(
      at
        .toISOString()
        .replace(/[-:T]/g, '')
        .replace(/^\d\d(\d+)\..*/, '$1Z'),
    ),
  );
const nameOf = (common: string): Buffer => sequence(der(0x31, sequence(oid(0x55, 0x04, 0x03), der(0x0c, Buffer.from(common)))));
const ALGORITHM = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02)); // ecdsa-with-SHA256
const DAY_MS = 86_400_000;

/** PEM. */
export interface KeyPair {
  readonly key: string;
  readonly cert: string;
}

interface Request {
  readonly subject: string;
  readonly issuer: string;
  readonly from: Date;
  readonly serial: number;
  readonly isAuthority: boolean;
  readonly names: readonly Buffer[];
}

function signed({ subject, issuer, from, serial, isAuthority, names }: Request, publicKey: KeyObject, signer: KeyObject): string {
  const extensions = der(
    0xa3,
    sequence(
      ...(names.length === 0 ? [] : [sequence(oid(0x55, 0x1d, 0x11), der(0x04, sequence(...names)))]),
      ...(isAuthority ? [sequence(oid(0x55, 0x1d, 0x13), der(0x04, sequence(der(0x01, Buffer.from([0xff])))))] : []),
    ),
  );
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([serial])),
    ALGORITHM,
    nameOf(issuer),
    sequence(utcTime(from), utcTime(new Date(from.getTime() + DAY_MS))),
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    ...(names.length > 0 || isAuthority ? [extensions] : []),
  );
  const whole = sequence(body, ALGORITHM, der(0x03, Buffer.from([0]), sign('sha256', body, signer)));
  const lines = whole.toString('base64').match(/.{1,64}/g)!;
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

const newKey = (): { privateKey: KeyObject; publicKey: KeyObject } => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }) as string;
const dns = (name: string): Buffer => der(0x82, Buffer.from(name));
const LOOPBACK = [dns('localhost'), der(0x87, Buffer.from([127, 0, 0, 1]))];
const hourAgo = (): Date => new Date(Date.now() - 3_600_000);

/** A self-signed certificate for 127.0.0.1 and localhost, valid for a day from an hour ago, or from `from`. */
export function selfSigned(from = hourAgo()): KeyPair {
  const { privateKey, publicKey } = newKey();
  const request = { subject: 'test', issuer: 'test', from, serial: 1, isAuthority: true, names: LOOPBACK };
  return { key: pemOf(privateKey), cert: signed(request, publicKey, privateKey) };
}

export interface Authority extends KeyPair {
  /** For 127.0.0.1 and localhost, or for `name` only. */
  issue(options?: { readonly name?: string; readonly from?: Date }): KeyPair;
}

/** An authority of its own. */
export function authority(common = 'test authority'): Authority {
  const own = newKey();
  let serial = 1;
  const request = { subject: common, issuer: common, from: hourAgo(), serial, isAuthority: true, names: [] };
  const cert = signed(request, own.publicKey, own.privateKey);
  return {
    key: pemOf(own.privateKey),
    cert,
    issue({ name, from = hourAgo() } = {}) {
      const { privateKey, publicKey } = newKey();
      const names = name === undefined ? LOOPBACK : [dns(name)];
      const wanted = { subject: name ?? 'node', issuer: common, from, serial: ++serial, isAuthority: false, names };
      return { key: pemOf(privateKey), cert: signed(wanted, publicKey, own.privateKey) };
    },
  };
}

/**
 * The person behind a process that runs as root or as a uid that a container maps. Only where something says who: see `ownerSource`. Pure.
 */
import type { ProcessIdentity } from '../../model/identity.js';
import type { Located } from './process-identity.js';

/** The accounts of the node. */
export interface Accounts {
  /** The name of a uid; the number if it has none. */
  name(uid: number): string;
  isNamed(uid: number): boolean;
  /** Who may map the uid into a container (subuid(5)); '': nobody. */
  subordinateTo(uid: number): string;
}

/** Whether a uid says nothing about the person: root, or one that a container maps. */
export const isNobody = (uid: number, accounts: Accounts): boolean =>
  uid === 0 || !accounts.isNamed(uid) || accounts.subordinateTo(uid) !== '';

/**
 * Programs that start a container themselves. Others ask a daemon: its processes have the login uid of whoever started the daemon, and the
 * range of uids that was given to the daemon.
 */
const WITHOUT_DAEMON: readonly string[] = ['podman', 'lxc', 'nspawn'];

/** Names in subuid that are no person's: of containers that root or a daemon starts. */
const NO_PERSON: readonly string[] = ['root', 'containers', 'dockremap'];

type Owner = Pick<ProcessIdentity, 'owner' | 'ownerSource'>;
const UNKNOWN: Owner = { owner: '', ownerSource: '' };

/** The login uid of a process without a login. */
const UNSET = 4_294_967_295;

/** `/proc/PID/loginuid`; undefined: not set. */
export const parseLoginUid = (text: string): number | undefined =>
  /^\d{1,10}\s*$/.test(text) && Number(text) !== UNSET ? Number(text) : undefined;

/** `loginUid`: undefined: not set, or not read. */
export function personBehind(
  { identity, jobUid, jobUser, managerUid }: Located,
  uid: number,
  loginUid: number | undefined,
  accounts: Accounts,
): Owner {
  const { job, podUid, container, runtime } = identity;
  if (!isNobody(uid, accounts) || (job === '' && podUid === '' && container === '')) return UNKNOWN;
  const direct = podUid === '' && (runtime === '' ? job !== '' : WITHOUT_DAEMON.includes(runtime));
  const range = direct ? accounts.subordinateTo(uid) : '';
  const subordinate = NO_PERSON.includes(range) ? '' : range;
  const named = (of: number | undefined): string => (of === undefined || of === 0 ? '' : accounts.name(of));
  // The range is the kernel's word; the name in the environment is only the process'.
  const toldUser = subordinate === '' || subordinate === jobUser ? jobUser : '';
  const known: readonly (readonly [owner: string, ownerSource: string])[] = [
    [jobUid === undefined ? toldUser : named(jobUid), 'job'],
    [named(managerUid) || subordinate, 'rootless owner'],
    [direct && job === '' && loginUid !== undefined && accounts.isNamed(loginUid) ? named(loginUid) : '', 'login uid'],
  ];
  const [owner, ownerSource] = known.find(([name]) => name !== '' && name !== accounts.name(0) && name !== accounts.name(uid)) ?? ['', ''];
  return { owner, ownerSource };
}

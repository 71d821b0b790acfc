/** Nodes that are read over SSH, with nothing installed on them. */
import { Invalid, last } from './values.js';
import type { OptionTable } from './option-types.js';

export const SSH_OPTIONS = {
  ssh: {
    flag: 'ssh',
    value: 'HOST..',
    many: 'words',
    help: "nodes to read over SSH, nothing installed there: names of ~/.ssh/config, user@host:port, ranges: 'gpu[01-12]' (docs/SSH.md)",
    parse: (words) => words,
  },
  sshHostfile: {
    flag: 'ssh-hostfile',
    value: 'FILE',
    help: 'file of nodes to read over SSH, in the formats of --hostfile',
    parse: last,
  },
  sshConfig: { flag: 'ssh-config', value: 'FILE', otherwise: 'that of ssh', help: 'configuration file of ssh (ssh -F)', parse: last },
  sshOption: {
    flag: 'ssh-option',
    value: 'KEY=VALUE',
    many: 'repeat',
    help: 'an option of ssh (ssh -o): ProxyJump=bastion',
    parse: (words) => words.map(sshOption),
  },
  sshIdentity: { flag: 'ssh-identity', value: 'FILE', help: 'private key to authenticate with (ssh -i)', parse: last },
} as const satisfies OptionTable;

function sshOption(word: string): string {
  if (!/^[A-Za-z]+=\S/.test(word)) throw new Invalid(`"${word}" is not like ProxyJump=bastion`);
  return word;
}

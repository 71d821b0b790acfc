/** The page about nodes over SSH, with the script that the program sends. */
import { ERRORS } from '../lib/errors.js';
import { NODE_SCRIPT } from '../lib/sources/ssh/node-script.js';

type Rows = readonly (readonly string[])[];
/** Draws a table in Markdown. */
type Table = (head: readonly string[], rows: Rows) => string;

const USE = `\`\`\`sh
all-smi-view --ssh 'gpu[01-12]'                             # names that ssh knows
all-smi-view --ssh alice@gpu01:2222 --ssh-option ProxyJump=bastion
all-smi-view --ssh-hostfile lab.csv --hosts 'node[01-16]:9090' --local
all-smi-view get users --ssh 'gpu[01-12]'                   # and check, record
\`\`\`

Nothing is installed on the nodes, no port is opened, and root is not needed: a login by key and a shell are enough. The viewer runs the
\`ssh\` of this machine, one connection to each node, so that ProxyJump, agents, Kerberos, hardware keys and known_hosts work as they do by hand.
In it runs a script in \`sh\`, which goes in over standard input; nothing is written on the node. What it reads is what local mode reads
([NODES.md](NODES.md)), by the same readers, with the same names for what is wrong. Processes are those that use a GPU.

- A host is a name of \`~/.ssh/config\`, \`host\`, \`user@host:port\` or \`ssh://user@host:port\`; ranges and the formats of host files are those of
  \`--hosts\` ([HOSTS.md](HOSTS.md)).
- \`--ssh-config FILE\`, \`--ssh-option KEY=VALUE\` and \`--ssh-identity FILE\` are \`-F\`, \`-o\` and \`-i\` of ssh.
- \`--nvidia-smi\`, \`--proc\` and \`--passwd\` name paths on the nodes.
- \`--timeout\` is how long a node may take to be connected, and later to acknowledge a request.

## What is asked of ssh

Nothing is asked for: no password, no passphrase, no host key (\`BatchMode=yes\`). What works is what works with \`ssh -o BatchMode=yes HOST true\`.
Host keys are checked as OpenSSH is configured; a changed one is never overridden. Nothing is forwarded (\`-a -x\`, \`ClearAllForwardings=yes\`).
A shared connection that is open (\`ControlPath\`) is used, and none is opened for others. ssh itself notices a dead connection
(\`ServerAliveInterval=5\`), which \`--ssh-option\` can change.

At most eight connections are begun at a time, for \`MaxStartups\` of sshd, above all on a jump host. One that takes three times as long as others, and at
least a second, no longer counts, so that a dead node does not delay the others. A connection that fails or is lost is made again after half an interval, then after twice that, up to a
minute, with up to half of it left out at random. Diagnosis shows when (\`NEXT\`).`;

const RESTRICTED = `The script can be all that a key is good for. Save it on the node, where only root can change it, and name it in \`authorized_keys\`:

\`\`\`
restrict,command="exec sh /usr/local/lib/all-smi-view-node.sh" ssh-ed25519 AAAA... viewer
\`\`\`

\`command="smi=/opt/bin/nvidia-smi exec sh ..."\` names another nvidia-smi, \`proc=\` another /proc, \`passwd=\` a file with user names. The script takes no
other requests than those below: it runs nvidia-smi with options that only read, reads /proc, looks up names with getent, and asks for the size of file
systems. What the account may not see stays unseen: with \`hidepid\` the processes of others have no owner.`;

const COST = `Between two collections there are two nvidia-smi, which print by themselves, the shells that pass on what they print, and a shell that sleeps. A
collection runs nvidia-smi once, for the processes, and \`awk\` once, for /proc; command lines and cgroups are read every 30 seconds, \`nvidia-smi -q -x\`
every minute. That is what [\`all-smi-view api\`](NODES.md) runs on a node, with shells in place of Node.js. On the captured H100 node, a collection takes
20 ms of CPU, without that of nvidia-smi itself and of sshd, and all of it 2 MiB; the exporter takes 19 ms and 19 MiB.

Only the first 128 KiB of a command line are read. Of an environment, which only its owner and root can read, only the variables of schedulers
leave the node. Command lines come whole over the encrypted connection and are redacted by the viewer before anything else sees them.

Each node takes a process of ssh here, 1.4 MiB, and three open files ([PERFORMANCE.md](PERFORMANCE.md)). Above 200 nodes, run an exporter on the nodes: one
viewer scrapes thousands, and several viewers cost a node no more than one.`;

const END = `The script ends with its connection. It reads requests from its standard input, and at the end of that it kills what it started, each job with its
process group. If the network is cut and the connection never ends, it notices that no request comes: the viewer sends one every two seconds, and
after four to eight without one the script ends. An nvidia-smi that hangs in the driver cannot be killed by anyone; it is reported as in local mode, and no second one is
started while it is there.

Neither side trusts the other's text. Each line of output begins with the number of its job and a mark, so that no process name and no command line
can pass for something else. A node that sends more than 16 MiB or 100,000 lines in five seconds, a line of more than 8 KiB, or what is no answer is disconnected.`;

/** The parts of the page. */
export const sshSections = (table: Table): readonly string[] => [
  USE,
  `## When a node is not shown\n\n${table(
    ['Code', 'Says', 'What to do'],
    Object.entries(ERRORS)
      .filter(([code]) => code.startsWith('S_SSH_'))
      .map(([code, { text, advice }]) => [`\`${code}\``, text, advice]),
  )}\n\nA node without nvidia-smi is up, and says \`nvidia-smi was not found\`; one whose driver fails says what nvidia-smi says.`,
  `## A key that can do nothing else\n\n${RESTRICTED}`,
  `## What it costs\n\n${COST}`,
  `## How it ends\n\n${END}`,
  `## The script\n\nIt needs a POSIX shell, awk, coreutils or busybox, and setsid (util-linux, busybox).\n\n\`\`\`sh\n${NODE_SCRIPT}\`\`\``,
];

/** The page about nodes over SSH, with the script that the program sends. */
import { ERRORS } from '../lib/errors.js';
import { NODE_SCRIPT } from '../lib/sources/ssh/node-script.js';

type Rows = readonly (readonly string[])[];
/** Draws a table in Markdown. */
type Table = (head: readonly string[], rows: Rows) => string;

const USE = `\`\`\`sh
all-smi-view --ssh 'gpu[01-12]'                             # hosts of ~/.ssh/config
all-smi-view --ssh alice@gpu01:2222 --ssh-option ProxyJump=bastion
all-smi-view --ssh-hostfile lab.csv --hosts 'node[01-16]:9090' --local
all-smi-view get users --ssh 'gpu[01-12]'                   # also check, record
\`\`\`

Nothing is installed on the nodes, no port is opened, and no root access is needed: a key and a login shell on each node are enough. The viewer
runs the \`ssh\` of this machine, one connection per node, so ProxyJump, ssh-agent, Kerberos, hardware keys and known_hosts work as they do on the
command line. It sends a script for \`sh\` over standard input; no file is written on the node. The script reads what local mode reads
([NODES.md](NODES.md)), and errors have the same names. Only processes that use a GPU are reported.

- A host is a \`Host\` of \`~/.ssh/config\`, \`host\`, \`user@host:port\` or \`ssh://user@host:port\`. Ranges and host files are written as for \`--hosts\`
  ([HOSTS.md](HOSTS.md)). A host file cannot set options of ssh.
- \`--ssh-config FILE\`, \`--ssh-option KEY=VALUE\` and \`--ssh-identity FILE\` are passed to ssh as \`-F\`, \`-o\` and \`-i\`.
- \`--nvidia-smi\`, \`--proc\` and \`--passwd\` are paths on the nodes, and on this machine with \`--local\`.
- \`--timeout\` is how long ssh may take to connect, and how long a connected node may be silent.

## How ssh is run

ssh runs in batch mode (\`BatchMode=yes\`): it never prompts for a password, a passphrase or a host key, and neither does the ssh of a jump host. A
node works if \`ssh -o BatchMode=yes HOST true\` works. Host keys are checked as OpenSSH is configured; the viewer never relaxes those checks.
Nothing is forwarded (\`-a -x\`, \`ClearAllForwardings=yes\`, \`Tunnel=no\`). An existing shared connection (\`ControlPath\`) is used, but none is
created (\`ControlMaster=no\`). ssh detects a dead connection (\`ServerAliveInterval=5\`); \`--ssh-option\` can change that interval.

At most eight connections are started at a time, because sshd refuses more than \`MaxStartups\` of them; a jump host sees them all. One that takes three
times as long as the others did, and at least a second, no longer counts, so that a dead node does not hold up the rest. A connection that fails
or is lost is retried after half an interval, then with twice the delay each time, up to a minute; up to half of each delay is left out at random.
Diagnosis shows when the next attempt is due (\`NEXT\`).`;

const RESTRICTED = `You can allow a key to run nothing but the script. Save the script on the node, where only root can change it, and make it the forced command of the
key in \`authorized_keys\`:

\`\`\`
restrict,command="exec sh /usr/local/lib/all-smi-view-node.sh" ssh-ed25519 AAAA... viewer
\`\`\`

\`command="smi=/opt/bin/nvidia-smi exec sh ..."\` sets the path of nvidia-smi, \`proc=\` that of /proc, and \`passwd=\` a file with user names. The
script accepts no other requests than those below: it runs nvidia-smi with options that only read, reads /proc, looks up user names with getent, and
queries the size of file systems. It sees only what the account may see: with \`hidepid\`, the processes of others have no owner.`;

const COST = `Between collections, two nvidia-smi keep running and print by themselves; with them run the shells that pass on their output, and one that sleeps.
A collection runs nvidia-smi once, for the processes, and \`awk\` once, for /proc. Command lines and cgroups are read every 30 seconds, and
\`nvidia-smi -q -x\` runs every minute. [\`all-smi-view api\`](NODES.md) does the same work on a node, in Node.js instead of shells. With the
captured H100 node, a collection takes 20 ms of CPU time, not counting nvidia-smi and sshd, and the script takes 2 MiB of memory; the
exporter takes 19 ms and 19 MiB.

Only the first 128 KiB of a command line are read. Of the environment of a process, which only its owner and root can read, only the variables of
schedulers leave the node. Command lines are sent whole over the encrypted connection, and the viewer redacts them before it does anything else
with them.

On this machine, each node takes one ssh process, 1.4 MiB of memory and three open files ([PERFORMANCE.md](PERFORMANCE.md)). For more than 200
nodes, run an exporter on each of them instead: one viewer scrapes thousands, and several viewers cost a node no more than one.`;

const END = `The script ends with its connection. It reads requests from standard input, and at end of file it kills everything that it started, each job with its
process group. If the network fails and the connection is never closed, the script notices that no requests arrive: the viewer sends one every
two seconds, and after four to eight seconds without one the script ends. An nvidia-smi that hangs in the driver cannot be killed; it is
reported as in local mode, and no second one is started until it is gone.

Neither side trusts what the other sends. Each line of output begins with the number of its job and a mark, so no process name or command line can
pass for something else. The viewer disconnects from a node that sends more than 16 MiB or 100,000 lines in five seconds, a line of more
than 8 KiB, or text that is not an answer, and from one that does not read its requests.`;

/** The parts of the page. */
export const sshSections = (table: Table): readonly string[] => [
  USE,
  `## When a node cannot be read\n\n${table(
    ['Code', 'Message', 'What to do'],
    Object.entries(ERRORS)
      .filter(([code]) => code.startsWith('S_SSH_'))
      .map(([code, { text, advice }]) => [`\`${code}\``, text, advice]),
  )}\n\nA node without nvidia-smi is up, with the message \`nvidia-smi was not found\`; if its driver fails, the message is what nvidia-smi prints.`,
  `## A key that runs only the script\n\n${RESTRICTED}`,
  `## What it costs\n\n${COST}`,
  `## How it ends\n\n${END}`,
  `## The script\n\nIt needs a POSIX shell, awk, coreutils or BusyBox, and setsid (util-linux or BusyBox).\n\n\`\`\`sh\n${NODE_SCRIPT}\`\`\``,
];

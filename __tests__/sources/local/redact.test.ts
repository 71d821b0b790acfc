import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { HIDDEN, redact } from '../../../lib/sources/local/redact.js';

/** Words of a command line; `'...'` keeps blanks together. */
const argvOf = (line: string): string[] => [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word!);
const hidden = (line: string): string => redact(argvOf(line)).join(' ');

describe('hidden', () => {
  test.each([
    ['python a.py --password=hunter2', 'python a.py --password=***'],
    ['python a.py --password hunter2 --lr 1', 'python a.py --password *** --lr 1'],
    ['python a.py --hf-token hf_x1', 'python a.py --hf-token ***'],
    ['python a.py --hf_token=x1', 'python a.py --hf_token=***'],
    ['python a.py --hfToken=x1', 'python a.py --hfToken=***'],
    ['python a.py -token x1', 'python a.py -token ***'],
    ['python a.py --api-key abc --model gpt', 'python a.py --api-key *** --model gpt'],
    ['python a.py --wandb_api_key=abc', 'python a.py --wandb_api_key=***'],
    ['python a.py --apikey abc', 'python a.py --apikey ***'],
    ['python a.py --secret-access-key abc', 'python a.py --secret-access-key ***'],
    ['python a.py --client.secret=abc', 'python a.py --client.secret=***'],
    ['env HF_TOKEN=abc WANDB_API_KEY=def python a.py', 'env HF_TOKEN=*** WANDB_API_KEY=*** python a.py'],
    ['env AWS_SECRET_ACCESS_KEY=abc x', 'env AWS_SECRET_ACCESS_KEY=*** x'],
    ['env PGPASSWORD=abc DB_PASSWORD=abc x', 'env PGPASSWORD=*** DB_PASSWORD=*** x'],
    ['psql postgres://bob:pw@db/x', 'psql postgres://bob:***@db/x'],
    ['git clone https://x-access-token:abc@github.com/a/b', 'git clone https://x-access-token:***@github.com/a/b'],
    ["curl -H 'Authorization: Bearer abc.def' u", 'curl -H Authorization: Bearer *** u'],
    ["curl -H 'X-Api-Key: abc' u", 'curl -H X-Api-Key: *** u'],
    ['curl https://h/x?token=abc&n=1', 'curl https://h/x?token=***&n=1'],
    [
      "sh -c 'cd /x; exec python a.py --env dev --password hunter2 --lr 1'",
      'sh -c cd /x; exec python a.py --env dev --password *** --lr 1',
    ],
    ["sh -c 'export HF_TOKEN=abc; python a.py'", 'sh -c export HF_TOKEN=***; python a.py'],
    ["sh -c 'docker run --env DB_PASSWORD=abc img'", 'sh -c docker run --env DB_PASSWORD=*** img'],
    ["sh -c 'run --verbose --token abc'", 'sh -c run --verbose --token ***'],
    [`python -c '{"password": "a b", "x": 1}'`, 'python -c {"password": ***, "x": 1}'],
    ['python a.py hf_abcdefghijklmnopqrst', 'python a.py ***'],
    ['python a.py --x ghp_abcdefghijklmnopqrstuvwxyz0123', 'python a.py --x ***'],
    ['python a.py --x=sk-proj-abcdefghijklmnop', 'python a.py --x=***'],
    ['python a.py AKIAABCDEFGHIJKLMNOP', 'python a.py ***'],
    ['python a.py eyJhbGciOiJI.eyJzdWIiOiIx.c2ln', 'python a.py ***'],
    ["'my server --password x'", 'my server --password ***'],
  ])('%s', (line, expected) => {
    expect(hidden(line)).toBe(expected);
  });
});

describe('left alone', () => {
  test.each([
    'python train.py --model=llama-70b --bs=128 --lr=3e-4',
    'python train.py --max-tokens 512 --max_token=512 --tokens 5 --tokenizer=/models/t5 --tokenizer-mode auto',
    'python train.py --eos-token </s> --pad_token=<pad> --image-token <img>',
    'python serve.py --sort-key name --key value --keys a,b --keyframe 3 --monkey x',
    'python serve.py --token-file /run/secrets/token --password-file=/x --api-key-env HF',
    'python serve.py --use-auth-token --trust-remote-code --token true --password=false',
    'python serve.py --passes 3 --pass-through --author bob --authenticate',
    'python serve.py --name=@SUM(A1:A9) =cmd|calc',
    'python a.py --url http://host:8080/path --ratio 16:9 user@host:/path',
    '/usr/sbin/sshd -D -o AuthorizedKeysFile=.ssh/keys',
    "sh -c 'echo the token is not here; ls'",
    'node secret token',
  ])('%s', (line) => {
    expect(redact(argvOf(line))).toEqual(argvOf(line));
  });

  test('the program itself, and arguments that are no texts', () => {
    expect(redact(['password=x', ''])).toEqual(['password=x', '']);
    expect(redact([])).toEqual([]);
  });
});

test('a secret never gets out, wherever its flag stands', () => {
  const word = fc.stringMatching(/^[a-z]{1,8}$/).filter((text) => !/^(?:true|false|yes|no|on|off|none|null)$/.test(text));
  const flag = fc.constantFrom('--password', '--token', '--api-key', '--HF_TOKEN', '-secret');
  const shapes = fc.constantFrom<((name: string, secret: string) => string[])[]>(
    (name, secret) => [name, secret],
    (name, secret) => [`${name}=${secret}`],
    (name, secret) => [`cd x; run ${name} ${secret} y`],
    (name, secret) => [`run --a b ${name}=${secret}`],
    (name, secret) => [`run --verbose ${name} "${secret}"`],
  );
  fc.assert(
    fc.property(
      fc.array(word),
      flag,
      shapes,
      fc.stringMatching(/^S[A-Z0-9]{6,20}$/),
      fc.array(word),
      (before, name, shape, secret, after) => {
        const shown = redact(['prog', ...before, ...shape(name, secret), ...after]).join(' ');
        expect(shown).not.toContain(secret);
        expect(shown).toContain(HIDDEN);
        for (const one of [...before, ...after]) expect(shown).toContain(one);
      },
    ),
  );
});

test('long arguments take no long', () => {
  for (const piece of ['a', 'a ', 'a=', 'a://', '--token ', 'eyJ', '"', 'x:']) redact(['p', piece.repeat(1024)]);
});

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { HIDDEN, redact } from '../../../lib/sources/local/redact.js';

/** Words of a command line; `'...'` keeps spaces together. */
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
    ['api --db-pass hunter2', 'api --db-pass ***'],
    ['api --pass=x', 'api --pass=***'],
    ['env DB_PASS=x MYSQL_PWD=y api', 'env DB_PASS=*** MYSQL_PWD=*** api'],
    ['api --redis-pw secretpw', 'api --redis-pw ***'],
    ['curl -u bob:hunter4 https://h/x', 'curl -u bob:*** https://h/x'],
    ['curl -ubob:hunter4 https://h/x', 'curl -ubob:*** https://h/x'],
    ['curl --user bob:hunter4 --proxy-user eve:x1 https://h', 'curl --user bob:*** --proxy-user eve:*** https://h'],
    ['curl --user=bob:hunter4 https://h', 'curl --user=bob:*** https://h'],
    ['http --auth bob:hunter4 h', 'http --auth *** h'],
    ['serve --auth=s3cr3t-value', 'serve --auth=***'],
    ['wget https://s3/x?X-Amz-Credential=AK&X-Amz-Signature=abc123&n=1', 'wget https://s3/x?X-Amz-Credential=***&X-Amz-Signature=***&n=1'],
    ['azcopy https://b/x?sv=2024&sig=a%2Fb', 'azcopy https://b/x?sv=2024&sig=***'],
    ['mysql -uroot -phunter2 db', 'mysql -uroot -p*** db'],
    ['sshpass -p hunter2 ssh node', 'sshpass -p *** ssh node'],
    ['redis-cli -a hunter2 ping', 'redis-cli -a *** ping'],
    ['docker login -u bob -p hunter2 registry', 'docker login -u bob -p *** registry'],
    ['ldapsearch -D cn=x -w hunter2', 'ldapsearch -D cn=x -w ***'],
    ['openssl rsa -passin pass:hunter2 -in k', 'openssl rsa -passin *** -in k'],
    ["curl --cookie 'session=abcdef' u", 'curl --cookie *** u'],
    ["'my server --password x'", 'my server --password ***'],
  ])('%s', (line, expected) => {
    expect(hidden(line)).toBe(expected);
  });
});

describe('left unchanged', () => {
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
    'docker run -u 1000:1000 --user alice:users -p 8080:80 img',
    'python serve.py --auth basic --auth-type oauth2 --auth=none',
    'python train.py --pass 2 --first-pass 10 --bypass x --compass north',
    'python a.py --user alice --username bob -u eve',
    'ssh -p 2222 node',
    'rsync --chown=alice:users a b',
    'python a.py --signal 9 --sigma 0.1 --design x',
    "sh -c 'echo the token is not here; ls'",
    'node secret token',
  ])('%s', (line) => {
    expect(redact(argvOf(line))).toEqual(argvOf(line));
  });

  test('the program itself, and arguments that are not text', () => {
    expect(redact(['password=x', ''])).toEqual(['password=x', '']);
    expect(redact([])).toEqual([]);
  });
});

test('a secret is never shown, wherever its flag is', () => {
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

test('long arguments are fast', () => {
  for (const piece of ['a', 'a ', 'a=', 'a://', '--token ', 'eyJ', '"', 'x:']) redact(['p', piece.repeat(1024)]);
});

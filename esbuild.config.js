/**
 * The build. dist/ contains the whole program in a few chunks, with all packages bundled: nothing has to be installed at run time.
 *
 * node esbuild.config.js [--types] [--if-stale]: bundles into dist/; also the public types; only if it is older than the sources
 * node esbuild.config.js --run FILE.ts [args]: bundles one development script (docs, bench) and runs it
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const ROOT = dirname(fileURLToPath(import.meta.url));
const DIST = join(ROOT, 'dist');
const BIN = join(DIST, 'bin/all-smi-view.js');
const PUBLIC_TYPES = join(DIST, 'types/lib/index.d.ts');
const { name, version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/**
 * Entry points, in separate builds: shared chunks would be more and smaller, and the first frame waits for each file that it needs. Plugins
 * may import the built-in tabs: each directory of plugins/ is a plugin.
 */
const BUILDS = [
  // The entry point has no chunks: it reports that the program could not be loaded.
  ['bin/all-smi-view.ts'],
  ['bin/program.ts'],
  // All of it in one file: lib/sources/hosts/request.ts loads it again if it could not be read.
  [{ in: 'lib/sources/hosts/got.ts', out: 'chunks/got' }],
  // A thread is started from a file of its own, next to the chunks that use it (lib/recording/thread/worker-client.ts).
  [{ in: 'lib/recording/thread/worker.ts', out: 'chunks/worker' }],
  ['lib/index.ts', ...readdirSync(join(ROOT, 'plugins')).map((plugin) => `plugins/${plugin}/index.ts`)],
];

/** CommonJS packages in ES modules expect `require` and their own location. */
const BANNER =
  `import{createRequire as __cr}from'node:module';import{fileURLToPath as __fp}from'node:url';` +
  `const require=__cr(import.meta.url),__filename=__fp(import.meta.url),__dirname=__fp(new URL('.',import.meta.url));`;

/** Widgets of neo-blessed that start programs, read files or need packages that do not exist: never used here. */
const DROPPED_WIDGETS = ['Terminal', 'Video', 'OverlayImage', 'Image', 'ANSIImage', 'FileManager', 'BigText'];

/** neo-blessed finds its widgets with a computed `require`, which a bundler cannot follow: lists them explicitly. */
const staticWidgets = {
  name: 'static-widgets',
  setup(context) {
    context.onLoad({ filter: /neo-blessed[/\\]lib[/\\]widget\.js$/ }, ({ path }) => {
      const listed = /classes = \[([^\]]+)\]/.exec(readFileSync(path, 'utf8'))?.[1] ?? '';
      const classes = [...listed.matchAll(/'(\w+)'/g)].map((match) => match[1]).filter((one) => !DROPPED_WIDGETS.includes(one));
      if (classes.length < 20) throw new Error(`${path}: the list of widgets is not where it was`);
      const lines = classes.map((one) => `w.${one} = w.${one.toLowerCase()} = require('./widgets/${one.toLowerCase()}');`);
      return { contents: ['var w = exports;', ...lines, 'w.ListBar = w.Listbar;'].join('\n'), loader: 'js' };
    });
  },
};

/** The charts of blessed-contrib use one function of lodash. */
const lodashMax = {
  name: 'lodash-max',
  setup(context) {
    context.onResolve({ filter: /^lodash$/ }, ({ importer }) => {
      if (!/blessed-contrib/.test(importer)) return { errors: [{ text: `lodash is a shim here; ${importer} must not use it` }] };
      return { path: 'max', namespace: 'lodash-max' };
    });
    context.onLoad({ filter: /.*/, namespace: 'lodash-max' }, () => ({
      contents: `exports.max = (list) => {
        let best;
        for (const value of list ?? []) if (value === value && (best === undefined || value > best)) best = value;
        return best;
      };`,
    }));
  },
};

/** The canvas of the charts creates its buffers in a way that causes a warning of node outside node_modules. */
const bufferAlloc = {
  name: 'buffer-alloc',
  setup(context) {
    context.onLoad({ filter: /drawille-blessed-contrib[/\\]index\.js$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8');
      if (!source.includes('new Buffer(')) throw new Error(`${path}: the buffer is not made as it was`);
      return { contents: source.replaceAll('new Buffer(', 'Buffer.alloc('), loader: 'js' };
    });
  },
};

/**
 * Modules of node that neo-blessed loads and hardly uses: loaded on first use, so that the first frame does not wait for them. It loads all
 * of itself only to measure the width of a tab character, and it never gets one.
 */
const lazyParts = {
  name: 'lazy-parts',
  setup(context) {
    const ofBlessed = ({ importer }) => /neo-blessed[/\\]/.test(importer);
    context.onResolve({ filter: /^(child_process|net|assert)$/ }, (args) =>
      ofBlessed(args) ? { path: args.path, namespace: 'lazy-builtin' } : undefined,
    );
    context.onLoad({ filter: /.*/, namespace: 'lazy-builtin' }, ({ path }) => ({
      contents: `module.exports = new Proxy(function () {}, {
        get: (_nothing, name) => require('node:${path}')[name],
        apply: (_nothing, _self, args) => require('node:${path}')(...args),
      });`,
    }));
    context.onResolve({ filter: /^\.\.\/$/ }, ({ importer }) =>
      /neo-blessed[/\\]lib[/\\]unicode\.js$/.test(importer) ? { path: 'blessed', namespace: 'no-blessed' } : undefined,
    );
    context.onLoad({ filter: /.*/, namespace: 'no-blessed' }, () => ({ contents: 'exports.screen = {};' }));
  },
};

const COMMON = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  define: { 'process.env.ALL_SMI_VIEW_VERSION': JSON.stringify(version) },
  loader: { '.sh': 'text' },
  logLevel: 'warning',
};

function outputs(entryPoints) {
  return build({
    ...COMMON,
    entryPoints: entryPoints.map((entry) => (typeof entry === 'string' ? { in: entry, out: entry.replace(/\.ts$/, '') } : entry)),
    outbase: '.',
    outdir: 'dist',
    chunkNames: 'chunks/[name]-[hash]',
    splitting: true,
    minify: true,
    charset: 'utf8',
    legalComments: 'none', // THIRD_PARTY_LICENSES has them all, in full
    alias: { blessed: 'neo-blessed' },
    external: ['term.js', 'pty.js', './program.js', './got.js'],
    banner: { js: BANNER },
    plugins: [staticWidgets, lodashMax, bufferAlloc, lazyParts],
    metafile: true,
    write: false,
  });
}

async function bundle() {
  const builds = await Promise.all(BUILDS.map(outputs));
  const files = new Map(builds.flatMap(({ outputFiles }) => outputFiles.map(({ path, text }) => [path, withoutBanner(text)])));
  files.set(join(DIST, 'THIRD_PARTY_LICENSES'), licences({ inputs: Object.assign({}, ...builds.map(({ metafile }) => metafile.inputs)) }));
  // zstd is next to the chunk that loads it.
  files.set(join(DIST, 'chunks/zstd.wasm'), readFileSync(join(ROOT, 'node_modules/@bokuweb/zstd-wasm/dist/common/zstd.wasm')));
  // blessed reads its terminal description from ../usr, relative to the chunk it is in.
  for (const terminal of ['xterm', 'xterm-256color']) {
    files.set(join(DIST, 'usr', terminal), readFileSync(join(ROOT, 'node_modules/neo-blessed/usr', terminal)));
  }
  for (const [path, contents] of files) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, contents);
  }
  chmodSync(BIN, 0o755);
  // Files of an earlier build are deleted last, so that a running program still finds its chunks.
  const keep = (path) => files.has(path) || relative(DIST, path).startsWith('types');
  for (const path of walk(DIST)) if (!keep(path)) rmSync(path);
}

/** Creating a `require` costs time in each chunk, and only some contain CommonJS. */
function withoutBanner(text) {
  const rest = text.replace(`${BANNER}\n`, '');
  return /\b(require|__filename|__dirname)\b/.test(rest) ? text : rest;
}

/** Writes the declarations that the public API reaches, and only those: they must not depend on any package. */
function types() {
  const out = join(DIST, 'types');
  rmSync(out, { recursive: true, force: true });
  const tsc = spawnSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  if (tsc.status !== 0) process.exit(1);
  const reached = new Set();
  const reach = (file) => {
    if (reached.has(file)) return;
    reached.add(file);
    for (const [, from] of readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)) {
      if (!from.startsWith('.')) throw new Error(`${relative(ROOT, file)}: the public types lean on '${from}'`);
      reach(join(dirname(file), from.replace(/\.js$/, '.d.ts')));
    }
  };
  reach(PUBLIC_TYPES);
  for (const file of walk(out)) if (!reached.has(file)) rmSync(file);
}

/** Licences whose terms are met by a notice in the package. */
const LICENCES = ['MIT', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0'];

/** For packages that declare a licence without shipping its text. */
const LICENCE_TEXTS = {
  MIT: `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the
"Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish,
distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to
the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR
ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE
SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`,

  ISC: `Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted, provided that the
above copyright notice and this permission notice appear in all copies.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY
DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION,
ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.`,
};

/** The package declares MIT for its own code; the library it is compiled from has these terms. */
const ZSTD_NOTICE = `Zstandard, in zstd.wasm (BSD-3-Clause)
${'-'.repeat(72)}
Copyright (c) Meta Platforms, Inc. and affiliates. All rights reserved.

Redistribution and use in source and binary forms, with or without modification, are permitted provided that the following conditions are met:

 * Redistributions of source code must retain the above copyright notice, this list of conditions and the following disclaimer.

 * Redistributions in binary form must reproduce the above copyright notice, this list of conditions and the following disclaimer in the
   documentation and/or other materials provided with the distribution.

 * Neither the name Facebook, nor Meta, nor the names of its contributors may be used to endorse or promote products derived from this
   software without specific prior written permission.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT
LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT
HOLDER OR CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT
LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY
THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF
THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
`;

/** Every package in the bundle, with the full text of its licence; a package without one fails the build. */
export function licences({ inputs }) {
  const packages = new Map();
  for (const input of Object.keys(inputs)) {
    const directory = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
    if (directory === undefined || packages.has(directory)) continue;
    const manifest = JSON.parse(readFileSync(join(ROOT, directory, 'package.json'), 'utf8'));
    if (!LICENCES.includes(manifest.license))
      throw new Error(`${directory} is bundled; its licence is ${manifest.license ?? 'not declared'}`);
    packages.set(directory, { manifest, text: licenceText(join(ROOT, directory), manifest) });
  }
  const notices = [...packages.values()].map(
    ({ manifest, text }) => `${manifest.name} ${manifest.version} (${manifest.license})\n${'-'.repeat(72)}\n${text.trim()}\n`,
  );
  if (Object.keys(inputs).some((input) => input.includes('@bokuweb/zstd-wasm'))) notices.push(ZSTD_NOTICE);
  return `${name} contains these packages:\n\n${[...new Set(notices)].sort().join('\n\n')}`;
}

/** The licence file; for a package that only declares the licence, its standard text with the package's author. */
function licenceText(directory, { name: from, license, author }) {
  const file = readdirSync(directory).find((one) => /^licen[cs]e(\.(md|txt))?$/i.test(one));
  if (file !== undefined) return readFileSync(join(directory, file), 'utf8');
  const template = LICENCE_TEXTS[license];
  const named = typeof author === 'string' ? author : author?.name;
  // If the only name is an address, it is used.
  const holder = named?.replace(/\s*[<(].*/, '') || named?.replace(/[<>]/g, '');
  if (template === undefined || !holder) throw new Error(`${from} is bundled and ships no licence text`);
  return `Copyright (c) ${holder}\n\n${template}`;
}

function stale(built) {
  if (!existsSync(built)) return true;
  const since = statSync(built).mtimeMs;
  const sources = ['bin', 'lib', 'plugins'].flatMap((directory) => [...walk(join(ROOT, directory))]);
  const inputs = ['package.json', 'package-lock.json', 'esbuild.config.js', 'tsconfig.json', 'tsconfig.build.json'].map((file) =>
    join(ROOT, file),
  );
  return [...sources, ...inputs].some((file) => statSync(file).mtimeMs > since);
}

function* walk(directory) {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else yield path;
  }
}

/**
 * Packages are not bundled; `import.meta.url` stays that of the source, so that scripts find their files. Constants are inlined as in
 * dist/; otherwise benches would measure another program.
 */
async function run([script, ...rest]) {
  const outfile = join(ROOT, 'node_modules/.cache', name, `${script.replace(/\W+/g, '-')}.mjs`);
  const sourceUrl = {
    name: 'source-url',
    setup(context) {
      context.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        if (path.includes('node_modules')) return undefined;
        const source = readFileSync(path, 'utf8');
        return { contents: source.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)), loader: 'ts' };
      });
    },
  };
  await build({
    ...COMMON,
    entryPoints: [script],
    outfile,
    packages: 'external',
    minifySyntax: true,
    sourcemap: 'inline',
    plugins: [sourceUrl],
  });
  const child = spawnSync(process.execPath, ['--expose-gc', '--enable-source-maps', outfile, ...rest], { stdio: 'inherit', cwd: ROOT });
  process.exit(child.status ?? 1);
}

async function main(args) {
  if (args[0] === '--run') return run(args.slice(1));
  const always = !args.includes('--if-stale');
  if (always || stale(BIN)) await bundle();
  if (args.includes('--types') && (always || stale(PUBLIC_TYPES))) types();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import tseslint from 'typescript-eslint';

const ROOT = dirname(fileURLToPath(import.meta.url));

/**
 * The import rules: a layer is a list of directories, from the bottom up. A file imports its own layer and those below. `apart`: directories of one
 * layer that do not import each other. `only`: the layers it may import, if not all of those below.
 */
const LAYERS = [
  { layer: 'base', files: /^lib\/((model|text)\/|errors\.|paths\.|version\.)/ },
  { layer: 'domain', files: /^lib\/(exposition|filter|aggregate|alerts|options)\// },
  { layer: 'interface', files: /^lib\/(plugin|keys|view)\// },
  { layer: 'app', files: /^lib\/(app|query)\// },
  { layer: 'http', files: /^lib\/http\//, only: ['base'] },
  {
    layer: 'edges',
    files: /^lib\/(sources|recording|paint|export|notify|exporter|mock)\//,
    apart: /^lib\/\w+\//,
    only: ['base', 'domain', 'interface', 'http'],
  },
  { layer: 'run', files: /^lib\/run\// },
  { layer: 'index', files: /^lib\/index\./ },
  { layer: 'plugins', files: /^plugins\//, apart: /^plugins\/[^/]+\//, only: ['index'] },
  { layer: 'bin', files: /^bin\// },
];

/** Packages that may be used in one place only, and the modules of node that only edges and programs may use. */
const PACKAGES = [
  { packages: /^(neo-)?blessed(-contrib)?(\/|$)/, place: /^lib\/paint\/(blessed-painter|open-terminal|line-chart)\.ts$/ },
  { packages: /^got(\/|$)/, place: /^lib\/sources\// },
  { packages: /^yargs(\/|$)/, place: /^bin\// },
  { packages: /^re2js$/, place: /^lib\/filter\/regex\.ts$/ },
  { packages: /^smol-toml$/, place: /^lib\/options\/config-file\.ts$/ },
  { packages: /^yaml$/, place: /^lib\/sources\/files\/yaml\.ts$/ },
  { packages: /^papaparse$/, place: /^lib\/(export|sources)\// },
  { packages: /^node:/, place: /^(lib\/((sources|recording|paint|export|notify|exporter|mock|http|run)\/|paths\.)|bin\/)/ },
];

/** Why `file` may not import `target` (both relative to the repository root); undefined if it may. */
function wrongArrow(file, target) {
  const from = LAYERS.findIndex(({ files }) => files.test(file));
  const to = LAYERS.findIndex(({ files }) => files.test(target));
  if (from < 0) return /^(lib|plugins|bin)\//.test(file) ? `${file} is in no layer of eslint.config.js` : undefined;
  if (to < 0) return `${LAYERS[from].layer} imports ${target}, which is in no layer of eslint.config.js`;
  const { layer, apart, only } = LAYERS[from];
  const below = LAYERS[to].layer;
  if (from === to) return apart && apart.exec(file)?.[0] !== apart.exec(target)?.[0] ? `${layer} must not see each other` : undefined;
  const allowed = only ? only.includes(below) : to < from;
  return allowed ? undefined : `${layer} must not import ${below}`;
}

/** The files of the layers that `file` imports, including types. Each file is read once per run of eslint. */
const graph = new Map();
function importsOf(file) {
  if (!graph.has(file)) {
    const text = existsSync(join(ROOT, file)) ? readFileSync(join(ROOT, file), 'utf8') : '';
    const targets = [...text.matchAll(/^(?:import|export)\b[^;']*?from '(\.[^']+)'|^import '(\.[^']+)'|import\('(\.[^']+)'\)/gm)];
    graph.set(file, [...new Set(targets.map((found) => pathOf(file, found[1] ?? found[2] ?? found[3])))]);
  }
  return graph.get(file);
}

/** The path in the repository of what `file` imports as `target`. */
const pathOf = (file, target) => join(dirname(file), target).replaceAll('\\', '/').replace(/\.js$/, '.ts');

/** The shortest chain of imports from `target` back to `file`, for the message; undefined if there is none. */
function wayBack(file, target) {
  const ways = [[target]];
  const seen = new Set([target]);
  for (const way of ways) {
    for (const next of importsOf(way.at(-1))) {
      if (next === file) return [...way, next];
      if (!seen.has(next)) ways.push([...way, next]);
      seen.add(next);
    }
  }
  return undefined;
}

export const arrows = {
  meta: {
    type: 'problem',
    schema: [],
    messages: { wrong: 'Imports point down only: {{reason}}.', cycle: 'Imports must not form a cycle: {{way}}.' },
  },
  create(context) {
    const file = relative(ROOT, context.filename).replaceAll('\\', '/');
    const check = ({ source }) => {
      if (typeof source?.value !== 'string') return;
      const target = source.value;
      const place = PACKAGES.find(({ packages }) => packages.test(target))?.place;
      const reason = target.startsWith('.')
        ? wrongArrow(file, pathOf(file, target))
        : place && !place.test(file) && `${target} belongs in ${place.source}`;
      if (reason) context.report({ node: source, messageId: 'wrong', data: { reason } });
      const way = target.startsWith('.') && pathOf(file, target) !== file && wayBack(file, pathOf(file, target));
      if (way) context.report({ node: source, messageId: 'cycle', data: { way: [file, ...way].join(' -> ') } });
    };
    return { ImportDeclaration: check, ImportExpression: check, ExportNamedDeclaration: check, ExportAllDeclaration: check };
  },
};

/** State belongs to an object that a test can create again, not to a variable of a module. */
const MODULE_STATE = [
  'Program > VariableDeclaration[kind="let"]',
  'Program > ExportNamedDeclaration > VariableDeclaration[kind="let"]',
].map((selector) => ({ selector, message: 'A module has no state: let something own it (a field, a closure, lazy()).' }));

const TIMERS = ['setTimeout', 'setInterval', 'setImmediate', 'performance'];
const CLOCK = 'Time comes in as a Clock (lib/model/clock.ts) or as an argument.';
const EXIT = { object: 'process', property: 'exit', message: 'Only bin ends the process.' };

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'coverage/', '__tests__/fixtures/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: ROOT } },
    rules: {
      // An element of a typed array within its bounds is a number, which only the author can know.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // `return reject(error)` is readable.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-meaningless-void-operator': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-useless-rename': 'error',
      'object-shorthand': ['error', 'properties'],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // An empty string counts as absent, like undefined.
      '@typescript-eslint/prefer-nullish-coalescing': ['error', { ignorePrimitives: { string: true } }],
      // A union with a single member today is still a type.
      '@typescript-eslint/consistent-type-definitions': 'off',
      // Bytes are read by index.
      '@typescript-eslint/prefer-for-of': 'off',
    },
  },
  {
    files: ['{lib,plugins,bin}/**/*.ts'],
    plugins: { here: { rules: { arrows } } },
    rules: {
      'here/arrows': 'error',
      eqeqeq: 'error',
      'no-console': 'error',
      'no-restricted-syntax': ['error', ...MODULE_STATE],
    },
  },
  {
    files: ['{lib,plugins}/**/*.ts'],
    ignores: ['lib/{sources,recording,paint,export,notify,exporter,mock}/**', 'lib/run/system-clock.ts'],
    rules: {
      'no-restricted-globals': ['error', ...TIMERS.map((name) => ({ name, message: CLOCK }))],
      'no-restricted-properties': ['error', EXIT, { object: 'Date', property: 'now', message: CLOCK }],
      'no-restricted-syntax': [
        'error',
        ...MODULE_STATE,
        { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: CLOCK },
      ],
    },
  },
  { files: ['lib/{sources,recording,paint,export,notify,exporter,mock}/**/*.ts'], rules: { 'no-restricted-properties': ['error', EXIT] } },
  {
    files: ['__tests__/**', 'bench/**'],
    rules: {
      // jest's matchers, and invalid input that tests use on purpose.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/use-unknown-in-catch-callback-variable': 'off',
      '@typescript-eslint/restrict-plus-operands': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  { files: ['**/*.{js,cjs,mjs}'], ...tseslint.configs.disableTypeChecked },
  { files: ['**/*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
);

/** The HTTP client as a file of its own that the build bundles with all it needs (`esbuild.config.js`), so that it can be loaded again. */
export { default } from 'got';

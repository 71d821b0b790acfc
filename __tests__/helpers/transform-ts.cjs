const { transformSync } = require('esbuild');

module.exports = {
  process(source, file) {
    // As in the build: a shell script is a text.
    if (file.endsWith('.sh')) return { code: `export default ${JSON.stringify(source)};` };
    return { code: transformSync(source, { loader: 'ts', format: 'esm', target: 'node20', sourcemap: 'inline', sourcefile: file }).code };
  },
};

const { transformSync } = require('esbuild');

module.exports = {
  process(source, file) {
    return { code: transformSync(source, { loader: 'ts', format: 'esm', target: 'node20', sourcemap: 'inline', sourcefile: file }).code };
  },
};

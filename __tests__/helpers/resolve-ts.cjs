// Sources import './x.js' as node will see them after the build; here the file is still './x.ts'. A resolver (and not a name
// mapping) because it also sees import(new URL('../plugins/x.js', import.meta.url)).
module.exports = (request, options) => {
  try {
    return options.defaultResolver(request, options);
  } catch (error) {
    if (/^(\.{1,2}\/|\/|file:)/.test(request) && request.endsWith('.js'))
      return options.defaultResolver(request.slice(0, -3) + '.ts', options);
    throw error;
  }
};

// CommonJS, which the test runner leaves to Node: in a module of its own it resolves every `import` of a
// name from the project's root, so that the newest version would be loaded here.
module.exports = { load: (specifier) => import(specifier) };

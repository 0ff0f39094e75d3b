export default { useTabs: true, printWidth: 100 };

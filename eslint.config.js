import tseslint from "typescript-eslint";

export default tseslint.config(
	{ ignores: ["build/", "node_modules/"] },
	...tseslint.configs.recommended,
	{
		rules: {
			"@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
			"@typescript-eslint/consistent-type-imports": "error",
			eqeqeq: "error",
			"no-console": "off",
		},
	},
	{
		files: ["**/*.cjs"],
		rules: { "@typescript-eslint/no-require-imports": "off" },
	},
	{
		files: ["src/**/*.ts"],
		rules: {
			"no-restricted-syntax": [
				"error",
				{ selector: "AwaitExpression", message: "src has no promises: use a state machine" },
				{ selector: "[async=true]", message: "src has no promises: use a state machine" },
				{
					selector: "[generator=true]",
					message: "src has no generators: they cannot be preloaded",
				},
			],
			"no-restricted-globals": [
				"error",
				...["Date", "setTimeout", "setInterval", "console", "process", "Buffer", "TextEncoder"],
				...["TextDecoder", "SharedArrayBuffer", "Promise", "trace", "crypto"],
			],
		},
	},
);

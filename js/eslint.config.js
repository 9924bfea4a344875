import tseslint from "typescript-eslint";

// Run from the root of the repository, so that it sees the scripts and tests beside js/. Type-checked rules for the sources; the plain ones for scripts and tests in JavaScript, which have no types.
export default tseslint.config(
  { ignores: ["**/dist/**", "**/build/**"] },
  {
    files: ["js/src/**/*.ts"],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { project: ["./tsconfig.json"], tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/consistent-type-definitions": "off",
      "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true }],
      "no-console": "error",
      eqeqeq: "error",
    },
  },
  {
    files: ["**/*.mjs", "**/*.js"],
    extends: [tseslint.configs.recommended],
    rules: { "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true }], eqeqeq: "error" },
  },
);

/** Beside the oldest peers nothing is called `kirayedar`: the test says where it is. */
const { PACKAGE_FOLDER } = process.env;

const resolveAlias =
  PACKAGE_FOLDER === undefined
    ? {}
    : {
        kirayedar: `${PACKAGE_FOLDER}/index.js`,
        "kirayedar/next": `${PACKAGE_FOLDER}/integrations/http/next/index.js`,
        "kirayedar/pg": `${PACKAGE_FOLDER}/drivers/pg/index.js`,
      };

export default {
  experimental: { useCache: true },
  serverExternalPackages: ["pg"],
  turbopack: { resolveAlias, root: process.env.ROOT_FOLDER },
};

export default {
  experimental: { useCache: true },
  serverExternalPackages: process.env.EXTERNAL_PACKAGES?.split(","),
  turbopack: { root: process.env.ROOT_FOLDER },
};

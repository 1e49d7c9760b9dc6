import { scoped, slug } from "../../lib/tenancy.js";

export default scoped(async () => <i>page {slug()};</i>);

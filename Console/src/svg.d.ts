/** The address of a picture, as the bundler names it. */
declare module "*.svg" {
    const address: string;
    export default address;
}

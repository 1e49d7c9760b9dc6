/** All that is loaded of Nest at run time. */
export {
  createParamDecorator,
  HttpException,
  Inject,
  Injectable,
  SetMetadata,
} from "@nestjs/common";

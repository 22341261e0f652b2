package io.bellfounder.server.identity;

import io.bellfounder.server.api.Problem;
import jakarta.servlet.http.HttpServletRequest;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;
import org.springdoc.core.utils.SpringDocUtils;
import org.springframework.core.MethodParameter;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Component;
import org.springframework.web.bind.support.WebDataBinderFactory;
import org.springframework.web.context.request.NativeWebRequest;
import org.springframework.web.method.support.HandlerMethodArgumentResolver;
import org.springframework.web.method.support.ModelAndViewContainer;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/** Gives an endpoint its {@link Caller}, or answers 401. */
@Component
final class CallerArgument implements HandlerMethodArgumentResolver, WebMvcConfigurer {
  static {
    SpringDocUtils.getConfig().addRequestWrapperToIgnore(Caller.class);
  }

  private final Sessions sessions;

  CallerArgument(Sessions sessions) {
    this.sessions = sessions;
  }

  @Override
  public void addArgumentResolvers(List<HandlerMethodArgumentResolver> resolvers) {
    resolvers.add(this);
  }

  @Override
  public boolean supportsParameter(MethodParameter parameter) {
    return parameter.getParameterType() == Caller.class;
  }

  @Override
  public Object resolveArgument(
      MethodParameter parameter,
      @Nullable ModelAndViewContainer container,
      NativeWebRequest request,
      @Nullable WebDataBinderFactory binders) {
    HttpServletRequest servlet = request.getNativeRequest(HttpServletRequest.class);
    Caller caller =
        (servlet == null ? Optional.<Token>empty() : SessionCookie.read(servlet))
            .flatMap(sessions::find)
            .orElseThrow(() ->
                Problem.of(
                    HttpStatus.UNAUTHORIZED, "not_signed_in", "Sign in first, in a browser."));
    // For the log lines of this request.
    MDC.put("memberId", caller.memberId().toString());
    return caller;
  }
}

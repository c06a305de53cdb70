package docspage

// pageHTML is the docs page; {base} is the last segment of its path, {title}
// the title of the document.
const pageHTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" type="image/png" href="{base}/favicon-32x32.png">
<link rel="stylesheet" href="{base}/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="{base}/swagger-ui-bundle.js"></script>
<script src="{base}/start.js"></script>
</body>
</html>
`

// startScript starts Swagger UI with the constant config before it. The validator
// of another host is switched off: nothing of the document leaves the browser.
const startScript = `;
const link = (to) => new URL(to, window.location.href).href;
window.ui = SwaggerUIBundle({
  url: link(config.document),
  dom_id: "#swagger-ui",
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  persistAuthorization: true,
  validatorUrl: null,
  oauth2RedirectUrl: link(config.base + "oauth2-redirect.html"),
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  ...config.settings,
});
`

// redirectHTML is the page that an authorization server sends the browser back to.
const redirectHTML = "<!doctype html>\n<title>Signing in</title>\n<script src=\"oauth2-redirect.js\"></script>\n"

// redirectScript hands what an authorization server says back to the page that
// opened this window: the other end of Swagger UI's swaggerUIRedirectOauth2.
const redirectScript = `"use strict";
const request = window.opener.swaggerUIRedirectOauth2;
const answer = Object.fromEntries(new URLSearchParams(window.location.hash.slice(1) || window.location.search));
const flow = request.auth.schema.get("flow");
const report = (level, message) => request.errCb({ authId: request.auth.name, source: "auth", level, message });
if (answer.state !== request.state) {
  report("warning", "The state of the answer is not the one that was sent: somebody may have changed it.");
}
if (/^(accessCode|authorizationCode|authorization_code)$/.test(flow) && !request.auth.code) {
  if (answer.code && answer.state === request.state) {
    delete request.state;
    request.auth.code = answer.code;
    request.callback({ auth: request.auth, redirectUrl: request.redirectUrl });
  } else if (!answer.code) {
    report("error", answer.error ? answer.error + ": " + (answer.error_description || "no description") : "The answer has no code.");
  }
} else if (answer.state === request.state) {
  request.callback({ auth: request.auth, token: answer, isValid: true, redirectUrl: request.redirectUrl });
}
window.close();
`

// Runs before the first paint. Inline scripts are forbidden by the content security policy.
try {
  var theme = localStorage.getItem("bell.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is switched off: the system's theme it is.
}

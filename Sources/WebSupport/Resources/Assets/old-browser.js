// The one script that every browser can read. A browser without what the pages need gets a plain page that
// says which browser, or which mode of it, to use.
(function () {
  var can =
    typeof window.fetch === "function" &&
    typeof window.HTMLDialogElement === "function" &&
    "noModule" in document.createElement("script");
  if (can) return;
  var advice = document.getElementById("old-browser");
  var html = advice ? advice.innerHTML : "";
  document.body.innerHTML = '<div class="old-browser">' + html + "</div>";
})();

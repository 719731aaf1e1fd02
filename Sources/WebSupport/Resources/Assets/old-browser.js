// The one script that every browser can read. A browser without what the pages need gets a plain page that
// says which browser, or which mode of it, to use.
(function () {
  var can =
    typeof window.fetch === "function" &&
    typeof window.HTMLDialogElement === "function" &&
    "noModule" in document.createElement("script");
  if (can) return;
  var advice = document.getElementById("old-browser");
  var parts = advice ? advice.getElementsByTagName("p") : [];
  var html = "";
  for (var index = 0; index < parts.length; index += 1) {
    var tag = index === 0 ? "h1" : "p";
    html += "<" + tag + ">" + parts[index].innerHTML + "</" + tag + ">";
  }
  document.body.innerHTML = '<div class="old-browser">' + html + "</div>";
})();

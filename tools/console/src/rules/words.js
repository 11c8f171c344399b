export default { en: { "rules.title": "Rules" }, vi: { "rules.title": "Quy tắc" } };

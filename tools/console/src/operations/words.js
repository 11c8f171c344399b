export default { en: { "operations.title": "Operations" }, vi: { "operations.title": "Vận hành" } };

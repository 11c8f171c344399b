export default { en: { "desk.title": "Agent desk" }, vi: { "desk.title": "Bàn làm việc" } };

// What the daemon says of conditions, in the language of the page. It says them in English, in few turns of phrase; names of
// facts and what stands in quotes are the pack's own, and stay.
import { language } from "./text.js";

const NOTES = [ // of reports
	[/^What came in within the last (\d+) days is provisional: .*/, "Những gì đến trong $1 ngày qua là tạm tính: khách hàng có thể còn quay lại về việc đó."],
	[/^Fewer than (\d+) contacts are few, and say little: (.*)\.$/, "Dưới $1 lần liên hệ là ít, chưa nói lên nhiều: $2."],
	[/^acceptance is that of customers outside the control group$/, "Tỷ lệ đồng ý (acceptance) là của khách hàng ngoài nhóm đối chứng."],
	[/^what came after, in both arms: report effects; what agents said: report reasons$/, "Điều xảy ra sau đó, ở cả hai nhóm: báo cáo Hiệu quả; điều nhân viên nói: báo cáo Lý do."],
	[/^(\d+) of (\d+) actions have no holdout: .*/, "$1 trên $2 hành động không có nhóm giữ lại: không có gì để so sánh."],
	[/^exposures of days that lie less than the span back are not over, and not in it$/, "Những ngày gần đây hơn khoảng đo thì chưa xong, và chưa được tính."],
	[/^members are of now, whatever time is asked for$/, "Số thành viên là của hiện tại, dù hỏi về thời gian nào."],
	[/^An agent is compared with the other agents on the same topic, from (\d+) contacts on either side on\.$/,
		"Mỗi nhân viên được so với những người khác cùng chủ đề, khi mỗi bên có từ $1 lần liên hệ."],
	[/^Nothing could be compared yet\.$/, "Chưa so sánh được gì."],
	[/^Corrected by segment only: .*/, "Chỉ hiệu chỉnh theo phân khúc: nếu người hài lòng trả lời nhiều hơn người khác cùng phân khúc thì không thể biết được."],
	[/^Rows of 1 cell are not corrected: .*/, "Dòng chỉ có 1 ô thì không hiệu chỉnh: các phân khúc có quá ít câu trả lời."],
	[/^Scores are those of now, whatever time is asked for; that is for moves only\.$/, "Điểm là của hiện tại, dù hỏi về thời gian nào; thời gian chỉ áp dụng cho thay đổi."],
	[/^The pack does not say what a contact is: contacts \{ … \} .*/, "Gói chưa khai báo thế nào là một lần liên hệ: contacts { … } (rules/README.md)."],
];
const VI = [
	...NOTES,
	[/\bpropensity ([\d.]+) learned from ([\d.]+) outcomes?, which began at ([\d.]+)/g, "khả năng đồng ý $1, học từ $2 kết quả, khởi đầu $3"],
	[/\bwith its score of ([\d.]+) it would then be number (\d+)/g, "khi đó với điểm $1 sẽ đứng thứ $2"],
	[/\band then a score over ([\d.]+), that of ([\w-]+): ([\d.]+) is missing to its ([\d.]+), or ([\d.]+) times any part of it/g,
		"rồi cần điểm trên $1, là điểm của $2: còn thiếu $3 so với $4 của nó, tức gấp $5 lần một thành phần bất kỳ"],
	[/\ba score over ([\d.]+), that of ([\w-]+): ([\d.]+) is missing to its ([\d.]+), or ([\d.]+) times any part of it/g,
		"điểm trên $1, là điểm của $2: còn thiếu $3 so với $4 của nó, tức gấp $5 lần một thành phần bất kỳ"],
	[/\bneeds a member for whom/g, "cần một thành viên mà"],
	[/\bnot for channel ([\w-]+); only /g, "không dùng cho kênh $1; chỉ "],
	[/\bonly for channel/g, "chỉ cho kênh"],
	[/\bchannel ([\w-]+)((?:(?:,| or) [\w-]+)*), and it is ([\w-]+)/g, (_, first, rest, is) => `kênh ${first}${rest.replaceAll(" or ", " hoặc ")}, mà đây là ${is}`],
	[/\b(\d+) (accepted|rejected|offered|shown|ignored|later) in (\d+) (days?|hours?), of (\d+)/g,
		(_, n, kind, many, unit, most) => `đã ${n} lần ${KINDS[kind]} trong ${many} ${unit.startsWith("d") ? "ngày" : "giờ"}, mức ${most}`],
	[/\bof (\d+) ([A-Z]{3}) given away or promised/g, "trên $1 $2 đã cho hoặc đã hứa"],
	[/\bof (\d+) offers made this month/g, "trên $1 lời mời trong tháng này"],
	[/\bthis one gives away/g, "lần này cho"],
	[/^unless /g, "trừ khi "],
	[/\bnot while /g, "không khi "],
	[/, except where asked for it/g, ", trừ khi khách tự hỏi"],
	[/\bafter (\d+) (accepted|rejected|offered|ignored|later) in (\d+) (days?|hours?) pause (\d+) (days?|hours?) per (\w+)/g,
		(_, n, kind, many, unit, pause, of, per) => `sau ${n} lần ${KINDS[kind]} trong ${many} ${unit.startsWith("d") ? "ngày" : "giờ"} thì nghỉ ${pause} ${of.startsWith("d") ? "ngày" : "giờ"}, theo ${PER[per] ?? per}`],
	[/\bat most (\d+) (accepted|rejected|offered|shown) in (\d+) days per (\w+)/g,
		(_, n, kind, days, per) => `nhiều nhất ${n} lần ${KINDS[kind]} trong ${days} ngày, theo ${PER[per] ?? per}`],
	[/\bquiet hours from/g, "giờ yên tĩnh từ"],
	[/\basked for it\b/g, "khách tự hỏi"],
	[/\balert ([\w-]+) is open/g, "cảnh báo $1 đang mở"],
	[/\b([\w-]+) is open\b/g, "$1 đang mở"],
	[/\b([\w-]+) is missed\b/g, "$1 bị lỡ hẹn"],
	[/\bcustomer has left\b/g, "khách hàng đã rời đi"],
	[/\bin segment\b/g, "thuộc nhóm"],
	[/\bany member\(/g, "có thành viên("],
	[/\bcustomer's\b/g, "của khách hàng:"],
	[/\bmember's\b/g, "của thành viên:"],
	[/\bneeds to be one of\b/g, "cần là một trong"],
	[/\bneeds to lie between\b/g, "cần nằm giữa"],
	[/\bneeds not to be\b/g, "cần không phải là"],
	[/\bneeds to be known\b/g, "cần được biết"],
	[/\bneeds to be\b/g, "cần là"],
	[/\bneeds\b/g, "cần"],
	[/\bis one of\b/g, "là một trong"],
	[/\bis not\b/g, "không phải là"],
	[/\bis known\b/g, "đã biết"],
	[/\bis unknown\b/g, "chưa biết"],
	[/\bis true\b/g, "đúng"],
	[/\bis false\b/g, "sai"],
	[/\bat least\b/g, "ít nhất"],
	[/\bat most\b/g, "nhiều nhất"],
	[/\bbetween ([\d.]+) and\b/g, "giữa $1 và"],
	[/\bor else\b/g, "nếu không thì"],
	[/\bunknown\b/g, "chưa biết"],
	[/\(yes\)/g, "(có)"],
	[/\(no\)/g, "(không)"],
	[/: no\b/g, ": không"],
	[/: yes\b/g, ": có"],
	[/\bcần yes\b/g, "cần có"],
	[/\bcần no\b/g, "cần không"],
	[/\bis\b/g, "là"],
	[/\band\b/g, "và"],
	[/\bor\b/g, "hoặc"],
	[/\bdays\b/g, "ngày"],
	[/\bpolicy:/g, "chính sách:"],
	[/\b(eligible|applicable|suitable|channel|goal):/g, (_, gate) => GATES[gate] + ":"],
];
const KINDS = { accepted: "đồng ý", rejected: "từ chối", offered: "mời", shown: "hiện", ignored: "bỏ qua", later: "hẹn sau" };
const PER = { action: "hành động", group: "nhóm", goal: "mục tiêu", channel: "kênh" };
const GATES = { eligible: "đủ điều kiện", applicable: "đúng lúc", suitable: "phù hợp", channel: "kênh", goal: "mục tiêu" };

const replaced = (text) => VI.reduce((done, [from, to]) => done.replace(from, to), text)
	.replace(/(?<![\w.])(-?\d+)\.(\d+)(?![\w.]*\w)/g, (_, whole, part) => (/^0+$/.test(part) ? whole : `${whole},${part}`)); // a point would be one of thousands

export function said(text) {
	if (language() !== "vi" || !text)
		return text;
	return text.split(/("[^"]*")/).map((part, at) => (at % 2 ? part : replaced(part))).join("");
}

// "x 1.5", as the weight of a context is named.
export const weight = (name) => said(name).replace(/^x /, "× ");

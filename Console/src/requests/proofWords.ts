import { words } from "../shared/words";

export const useProofWords = words({
    en: {
        title: "Audit proof", note: "This bill is a leaf of a signed log. Your browser can check that itself, and needs to believe nobody for it.",
        verify: "Verify in this browser", again: "Verify again", noCrypto: "Browsers verify only on pages that came over https or from this computer. Use the command below.",
        proven: "Proven: this bill is in the log that was signed.", failed: "Not proven: a step failed.", incomplete: "Not proven: this browser could not check all of it.",
        checked: "Checked", failedStep: "Failed", skipped: "Not checked",
        wordsChecked: "The leaf's hash, worked out from the bill's {count} words, is the one in the log.", wordsFailed: "The leaf's hash, worked out from the bill's {count} words, is another one than in the log.", wordsSkipped: "The bill's words are told to staff alone; the leaf's hash is taken as told.",
        figuresChecked: "All figures on this page are those of the leaf.", figuresFailed: "The leaf has other figures than this page: {names}.", figuresSkipped: "Without its words they cannot be held against this page.",
        pathChecked: "From leaf {index}, {hashes} hashes lead to the root of the tree of {size} leaves.", pathFailed: "From leaf {index}, {hashes} hashes do not lead to the root of the tree of {size} leaves.",
        signatureChecked: "The checkpoint with that root is signed (Ed25519) by the key below.", signatureFailed: "The checkpoint is not signed by the key below.", signatureSkipped: "This browser knows no Ed25519; the command below checks it.",
        keyChecked: "It is the key that this browser saw before.", keyFailed: "It is another key than this browser saw before.",
        key: "Key that signs", root: "Root", checkpoint: "Checkpoint", leaf: "Leaf", offline: "The same without this page, with the key that you noted before:",
        missing: "The bill has no leaf in the log: somebody took it away.", altered: "The row in the database holds what no bill can.",
        waits: "Bills are signed within seconds of their end. Try again then.",
    },
    zh: {
        title: "审计证明", note: "这份账单是签名日志中的一个叶子。您的浏览器可自行验证，无需相信任何人。",
        verify: "在此浏览器中验证", again: "重新验证", noCrypto: "浏览器只在通过 https 或本机打开的页面上提供验证功能。请使用下面的命令。",
        proven: "已证明：这份账单在已签名的日志中。", failed: "未能证明：有一步失败。", incomplete: "未能证明：此浏览器无法完成全部检查。",
        checked: "通过", failedStep: "失败", skipped: "未检查",
        wordsChecked: "由账单的 {count} 个字计算出的叶子哈希与日志一致。", wordsFailed: "由账单的 {count} 个字计算出的叶子哈希与日志不一致。", wordsSkipped: "账单原文仅向管理人员提供；叶子哈希按所示采用。",
        figuresChecked: "本页所有数字与叶子一致。", figuresFailed: "叶子中的数字与本页不同：{names}。", figuresSkipped: "没有原文，无法与本页核对。",
        pathChecked: "从叶子 {index} 出发，{hashes} 个哈希通向含 {size} 个叶子的树根。", pathFailed: "从叶子 {index} 出发，{hashes} 个哈希未能通向含 {size} 个叶子的树根。",
        signatureChecked: "带有该树根的检查点由下面的密钥签名（Ed25519）。", signatureFailed: "检查点不是由下面的密钥签名的。", signatureSkipped: "此浏览器不支持 Ed25519；可用下面的命令检查。",
        keyChecked: "与此浏览器以前见过的密钥相同。", keyFailed: "与此浏览器以前见过的密钥不同。",
        key: "签名密钥", root: "树根", checkpoint: "检查点", leaf: "叶子", offline: "不依赖本页，用您事先记下的密钥验证：",
        missing: "账单在日志中没有叶子：有人将其移除。", altered: "数据库中的记录不可能是一份账单。",
        waits: "账单在结束后数秒内签名，请稍后再试。",
    },
});

// Cuts what someone types into words of the index, before Material's search looks for each of them.
//
// That search finds a word by its beginning, and separates words at blanks. A run of Chinese it cuts into
// the longest words that the index has, but it stops at a character that begins none, and it never looks
// at the last one (segment() of Material 9.8; squidfunk/mkdocs-material#3915 is closed with it, and
// Material takes critical fixes only). No option of its own changes a query. So this script runs first
// in the search's worker, and passes on a query in which nothing is left to split.

const STOP_WORDS = new Set((
    "a about an and are as at be by can do does for from has have how i if in into is it its many my not of on " +
    "or should so than that the then there this to use using was what when where which why will with you " +
    "一个 不 与 中 为 为什么 为何 也 了 什么 从 会 个 做 几个 到 前 去 及 可以 吗 后 吧 呢 和 哪 哪些 哪个 哪里 " +
    "在 多少 如何 它 对 将 就 应该 怎么 怎么办 怎么样 怎样 意思 区别 差别 作用 我 或 把 放 放在 时 时候 是 是不是 是否 有 有没有 " +
    "来 求 用 由 的 看 算 给 能 被 要 让 还 这 那 都 里 里面 间 需要"
).split(" "))
const HAN = /\p{sc=Han}/u
// The beginning that a plural, a participle and both spellings of -ise share with the word itself.
const SHARED = /^(?:(.*[a-z]{3}i)[sz](?:e[ds]?|ing|ations?|ers?)|(.*(?:ch|sh|ss|x))es|(.*\w{2}[^s])s|(.*\w{4})(?:ing|ed))$/
// Titles have the short names: 双向 RNN, where books write 双向循环神经网络.
const SHORT = [
    [/(?<=\p{sc=Han})循环神经网络/gu, " RNN "], [/(?<=\p{sc=Han})长短[期时]记忆(?:网络)?/gu, " LSTM "],
    [/(?<=\p{sc=Han})门控循环单元/gu, " GRU "],
]
// Material leaves out the last character of a run: here it is one that no word of ours has.
const LAST = "〇"

let separator, words, beginnings

function readIndex({config, docs}) {
    separator = new RegExp(config.separator)
    const text = docs.map(({title, text}) => `${title} ${text}`).join(" ").replace(/<[^>]*>/g, " ")
    words = new Set(text.toLowerCase().split(separator).filter(Boolean))
    beginnings = new Set()
    for (const word of words) for (let end = word.length; end; end--) beginnings.add(word.slice(0, end))
}

function longest(text, least, known) {
    let end = text.length
    while (end >= least && !known.has(text.slice(0, end))) end--
    return end >= least ? text.slice(0, end) : ""
}

function cutHan(run) {
    const found = []
    let least = 1 // after a character that begins no word, a single one is the rest of another word
    for (let rest = run; rest;) {
        const word = longest(rest, least, words), beginning = word || longest(rest, 2, beginnings)
        if (beginning) found.push(word ? word + LAST : beginning)
        least = beginning ? 1 : 2
        rest = rest.slice(beginning.length || 1)
    }
    return found.length ? found : [run]
}

// A name with dots is searched by its last part: torch.nn.LSTM.
function cutOther(text) {
    const name = text.replace(/(?:[a-z_]\w*\.)+(?=[a-z_])/gi, "")
    return name.split(separator).filter(Boolean).flatMap(shorten)
}

function shorten(word) {
    const lower = word.toLowerCase(), shared = lower.match(SHARED)?.slice(1).find(Boolean) ?? lower
    if (STOP_WORDS.has(lower)) return lower
    if (/[a-z]_[a-z0-9]/.test(shared) && !beginnings.has(shared)) return cutName(shared.split("_"))
    return longest(shared, Math.max(3, shared.length / 2), beginnings) || word
}

// A name that the index does not have: weight_hh_l0 and reverse, for weight_hh_l0_reverse.
function cutName(parts) {
    let end = parts.length - 1
    while (end > 1 && !words.has(parts.slice(0, end).join("_"))) end--
    return [parts.slice(0, end).join("_"), parts.slice(end).join("_")].flatMap(shorten)
}

function cut(query) {
    for (const [long, short] of SHORT) query = query.replace(long, short)
    const parts = query.match(/\p{sc=Han}+|[^\s\p{sc=Han}]+/gu) ?? []
    const found = parts.flatMap(part => HAN.test(part) ? cutHan(part) : cutOther(part))
    const sought = found.filter(word => !STOP_WORDS.has(word.replace(LAST, "")) && !/^\d\d?$/.test(word))
    return (sought.length ? sought : found).join(" ")
}

addEventListener("message", ({data: message}) => {
    if (message.data.docs) readIndex(message.data)
    else message.data = cut(message.data)
})

// The address of Material's script is this one's hash: theme/main.html. From a folder both run in an iframe.
const here = new URL(globalThis.document ? document.currentScript.src : location.href)
importScripts(new URL(here.hash.slice(1), here).href)

// The words of the labs' demos, in Chinese; demos-en.js has the same keys.

/** @type {import("./demo.js").DemoWords} */
export default {
  lost: "演示无法运行：$1。下面是事先记录的例子。",
  pad: {
    label: "手写一个数字",
    hint: "在这里写",
    keys: "用手指、触控笔或鼠标书写。用键盘时，方向键移动光标，空格键落笔或提笔。",
    clear: "清除",
    sample: "样本",
    down: "落笔：第 $1 列，第 $2 行。",
    up: "提笔：第 $1 列，第 $2 行。",
    cleared: "画板已清空。",
  },
  digits: {
    label: "网络逐行读取手写数字的像素，每行是一个时间步",
    pixels: "像素",
    state: "状态",
    says: "预测",
    said: "$1（$2）",
    comma: "，",
    features: "$1 个分量，从 $2 到 $3",
    none: "尚无内容",
    of: "$1 / $2",
    read: "已读行数",
    play: "播放",
    pause: "暂停",
    loading: "正在加载权重。",
    nothing: "请在画板上写一个数字，或者取一个样本。",
    small: "写得太小，无法识别。请写大一些。",
    partly: "读完 $1 行（共 8 行），输出层的预测是 $2，其次是 $3。",
    whole: "读完全部 8 行，输出层的预测是 $2，其次是 $3。",
    truth: "这幅图像取自测试集，实际数字是 $1。",
    scale: "状态：",
    scores: "柱形：输出层给数字 0 到 9 的得分，换算成概率。",
  },
};

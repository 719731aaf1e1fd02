import Foundation

/// How a product's name is read aloud, for typing it on a Latin keyboard.
///
/// Foundation's transform reads character by character, so it misreads characters with several
/// readings; words in which that matters are listed here and win, longest first.
enum Pinyin {
    /// The readings of a name: one syllable a character, Latin letters and digits as they are.
    static func syllables(of name: String) -> [String] {
        var found: [String] = []
        var rest = Substring(name)
        while let first = rest.first {
            if let word = overrides.first(where: { rest.hasPrefix($0.word) }) {
                found.append(contentsOf: word.syllables)
                rest = rest.dropFirst(word.word.count)
            } else if first.isLetter || first.isNumber {
                if isHan(first) {
                    found.append(reading(of: first))
                    rest = rest.dropFirst()
                } else {
                    let run = rest.prefix { ($0.isLetter || $0.isNumber) && !isHan($0) }
                    found.append(run.lowercased())
                    rest = rest.dropFirst(run.count)
                }
            } else {
                rest = rest.dropFirst()
            }
        }
        return found.filter { !$0.isEmpty }
    }

    /// Whether the character is a Chinese one.
    static func isHan(_ character: Character) -> Bool {
        character.unicodeScalars.contains { $0.properties.isIdeographic }
    }

    private static func reading(of character: Character) -> String {
        let latin = String(character).applyingTransform(.mandarinToLatin, reverse: false)
        let plain = latin?.applyingTransform(.stripDiacritics, reverse: false) ?? ""
        return plain.lowercased().filter { $0.isASCII && $0.isLetter }
    }

    private static let overrides: [(word: String, syllables: [String])] =
        table
        .split(separator: "\n")
        .map { line in
            let fields = line.split(separator: " ").map(String.init)
            return (fields[0], Array(fields.dropFirst()))
        }
        .sorted { $0.0.count > $1.0.count }

    private static let table = """
        长春 chang chun
        长沙 chang sha
        长效 chang xiao
        长白 chang bai
        延长 yan chang
        生长 sheng zhang
        白术 bai zhu
        苍术 cang zhu
        莪术 e zhu
        重庆 chong qing
        重楼 chong lou
        重组 chong zu
        双重 shuang chong
        厦门 xia men
        阿胶 e jiao
        东阿 dong e
        薄荷 bo he
        柏子仁 bai zi ren
        侧柏 ce bai
        黄柏 huang bai
        血塞通 xue sai tong
        血 xue
        茜草 qian cao
        大黄 da huang
        大夫 dai fu
        大枣 da zao
        参 shen
        参差 cen ci
        桔梗 jie geng
        枸橼酸 ju yuan suan
        柑橘 gan ju
        石斛 shi hu
        薏苡仁 yi yi ren
        行气 xing qi
        银行 yin hang
        调经 tiao jing
        调理 tiao li
        调节 tiao jie
        乐 le
        乐器 yue qi
        音乐 yin yue
        还原 huan yuan
        还少 huan shao
        朝阳 chao yang
        都梁 du liang
        角 jiao
        降压 jiang ya
        降糖 jiang tang
        降脂 jiang zhi
        降 jiang
        解 jie
        单 dan
        卡 ka
        尿 niao
        便 bian
        盛京 sheng jing
        咳 ke
        咯 ka
        吓 xia
        藏红花 zang hong hua
        西藏 xi zang
        藏药 zang yao
        省 sheng
        率 lv
        女 nv
        绿 lv
        铝 lv
        屏 ping
        葛根 ge gen
        射干 she gan
        干姜 gan jiang
        干燥 gan zao
        干 gan
        丹参 dan shen
        何首乌 he shou wu
        曲安奈德 qu an nai de
        神曲 shen qu
        强 qiang
        六安 lu an
        拉 la
        差 cha
        无花果 wu hua guo
        """
}

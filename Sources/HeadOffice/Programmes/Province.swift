/// A province by GB/T 2260.
struct Province: Sendable, Equatable {
    /// Two digits.
    let code: String
    let chineseName: String
    let englishName: String

    /// The 31 provinces and Hong Kong, Macao and Taiwan, by code.
    static let all: [Province] = [
        Province(code: "11", chineseName: "北京", englishName: "Beijing"),
        Province(code: "12", chineseName: "天津", englishName: "Tianjin"),
        Province(code: "13", chineseName: "河北", englishName: "Hebei"),
        Province(code: "14", chineseName: "山西", englishName: "Shanxi"),
        Province(code: "15", chineseName: "内蒙古", englishName: "Inner Mongolia"),
        Province(code: "21", chineseName: "辽宁", englishName: "Liaoning"),
        Province(code: "22", chineseName: "吉林", englishName: "Jilin"),
        Province(code: "23", chineseName: "黑龙江", englishName: "Heilongjiang"),
        Province(code: "31", chineseName: "上海", englishName: "Shanghai"),
        Province(code: "32", chineseName: "江苏", englishName: "Jiangsu"),
        Province(code: "33", chineseName: "浙江", englishName: "Zhejiang"),
        Province(code: "34", chineseName: "安徽", englishName: "Anhui"),
        Province(code: "35", chineseName: "福建", englishName: "Fujian"),
        Province(code: "36", chineseName: "江西", englishName: "Jiangxi"),
        Province(code: "37", chineseName: "山东", englishName: "Shandong"),
        Province(code: "41", chineseName: "河南", englishName: "Henan"),
        Province(code: "42", chineseName: "湖北", englishName: "Hubei"),
        Province(code: "43", chineseName: "湖南", englishName: "Hunan"),
        Province(code: "44", chineseName: "广东", englishName: "Guangdong"),
        Province(code: "45", chineseName: "广西", englishName: "Guangxi"),
        Province(code: "46", chineseName: "海南", englishName: "Hainan"),
        Province(code: "50", chineseName: "重庆", englishName: "Chongqing"),
        Province(code: "51", chineseName: "四川", englishName: "Sichuan"),
        Province(code: "52", chineseName: "贵州", englishName: "Guizhou"),
        Province(code: "53", chineseName: "云南", englishName: "Yunnan"),
        Province(code: "54", chineseName: "西藏", englishName: "Tibet"),
        Province(code: "61", chineseName: "陕西", englishName: "Shaanxi"),
        Province(code: "62", chineseName: "甘肃", englishName: "Gansu"),
        Province(code: "63", chineseName: "青海", englishName: "Qinghai"),
        Province(code: "64", chineseName: "宁夏", englishName: "Ningxia"),
        Province(code: "65", chineseName: "新疆", englishName: "Xinjiang"),
        Province(code: "71", chineseName: "台湾", englishName: "Taiwan"),
        Province(code: "81", chineseName: "香港", englishName: "Hong Kong"),
        Province(code: "82", chineseName: "澳门", englishName: "Macao"),
    ]
}

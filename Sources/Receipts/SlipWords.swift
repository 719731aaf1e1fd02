/// The language of a slip's labels; raw values are those of the screens' languages.
public enum SlipLanguage: String, Sendable, Hashable, CaseIterable {
    /// Simplified Chinese.
    case zhHans = "zh-Hans"
    /// English.
    case en
}

/// The labels of a slip.
struct SlipWords {
    let language: SlipLanguage

    private func pick(_ chinese: String, _ english: String) -> String {
        language == .zhHans ? chinese : english
    }

    var saleTitle: String { pick("消费小票", "Sale slip") }
    var refundTitle: String { pick("退货小票", "Refund slip") }
    var merchantCopy: String { pick("商户存根", "Merchant copy") }
    var customerCopy: String { pick("顾客联", "Customer copy") }
    var test: String { pick("测试", "TEST") }
    var orderNumber: String { pick("订单号", "Order") }
    var refundNumber: String { pick("退款号", "Refund") }
    var saleNumber: String { pick("原订单号", "Original order") }
    var till: String { pick("收银台", "Till") }
    var time: String { pick("时间", "Time") }
    var cashier: String { pick("收银员", "Cashier") }
    var listPrice: String { pick("原价", "List price") }
    var listTotal: String { pick("原价合计", "At list prices") }
    var total: String { pick("合计", "Total") }
    var refundTotal: String { pick("退款合计", "Refund total") }
    var card: String { pick("卡号", "Card") }
    var cardUnknown: String { pick("扫码支付，待总部回传", "paid by phone, not known yet") }
    var balance: String { pick("余额", "Balance after") }
    var balanceUnknown: String { pick("脱机，余额未知", "offline: balance not known") }
    var state: String { pick("状态", "State") }
    var authorised: String { pick("已授权", "Authorised") }
    var standIn: String { pick("脱机受理", "Accepted offline") }
    var refundApproved: String { pick("退款已同意", "Refund approved") }
    var decidedBy: String { pick("审核员", "Approver") }
    var opinion: String { pick("审核意见", "Opinion") }
    var holder: String { pick("持卡人", "Holder") }
    var holderUnknown: String { pick("持卡人姓名未知", "Holder's name not known") }
    var signature: String { pick("持卡人签名", "Holder's signature") }
    var keep: String { pick("请妥善保管此小票", "Please keep this slip") }

    var testPage: String { pick("打印测试", "Printer test") }
    var paper: String { pick("纸宽", "Paper") }
    var testHint: String {
        pick("数字排满一行、条码能扫即为正常", "Right when the digits fill one row and the bars scan")
    }

    func telephone(_ telephone: SlipFacts.Telephone) -> String {
        let label =
            switch telephone.purpose {
            case .store: pick("门店", "Store")
            case .service: pick("客服", "Service")
            case .fault: pick("报修", "Fault reports")
            }
        return label + " " + telephone.number
    }

    func reprint(_ count: Int) -> String { pick("补打第 \(count) 次", "Reprint no. \(count)") }
}

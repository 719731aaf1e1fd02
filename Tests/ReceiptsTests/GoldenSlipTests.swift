import Domain
import Receipts
import Testing

// Whole slips as people hold them. A change of a row shows here first.
@Suite struct GoldenSlipTests {
    @Test func `merchant's copy of a sale on 58 mm`() throws {
        let slip = try SlipDocument(Samples.facts(), copy: .merchant, language: .zhHans)
        let expected = """
                       广州天河店
            广东省广州市天河区体育西路 1 号
                        消费小票
                        商户存根
            --------------------------------
            订单号   GD0001-01-20261125-0001
            收银台                 GD0001-01
            时间         2026-11-25 09:41:07
            收银员                      王芳
            --------------------------------
            感冒灵颗粒 10g*9袋
              2 x 12.50                25.00
              原价 13.00
            --------------------------------
            原价合计                   26.00
            合计                     ￥25.00
            --------------------------------
            卡号         6160 **** **** 0002
            余额                     ￥75.00
            状态                      已授权
            --------------------------------
            持卡人                     张*芳
            持卡人签名:


            ________________________________
                GD0001-01-20261125-0001
                   客服 400-800-1234
                   报修 400-800-5678

            """
        #expect(SlipText(columns: 32).render(slip) == expected)
    }

    @Test func `English reprint of a test sale taken offline on 80 mm`() throws {
        let slip = try SlipDocument(
            Samples.offlineTest, copy: .merchant, language: .en, reprint: 2)
        let expected = """
                               广州天河店
                    广东省广州市天河区体育西路 1 号
                               Sale slip
                             Merchant copy
                             Reprint no. 2
                              *** TEST ***
            ------------------------------------------------
            Order                    GD0001-01-20261125-0001
            Till                                   GD0001-01
            Time                         2026-11-25 09:41:07
            Cashier                                     王芳
            ------------------------------------------------
            感冒灵颗粒 10g*9袋
              2 x 12.50                                25.00
              List price 13.00
            复方丹参滴丸复方丹参滴丸复方丹参滴丸复方丹参滴丸
            复方丹参滴丸复方丹参滴丸复方丹参滴丸复方丹参滴丸
            复方丹参滴丸复方丹参滴丸
              1 x 1,234.56                          1,234.56
            ------------------------------------------------
            At list prices                          1,260.56
            Total                                 ￥1,259.56
            ------------------------------------------------
            Card                         6160 **** **** 0002
            Balance after         offline: balance not known
            State                           Accepted offline
            ------------------------------------------------
            Holder                   Holder's name not known
            Holder's signature:


            ________________________________________________
                        GD0001-01-20261125-0001
                          Service 400-800-1234
                       Fault reports 400-800-5678

            """
        #expect(SlipText(columns: 48).render(slip) == expected)
    }

    @Test func `customer's copy of a refund on 58 mm`() throws {
        let slip = try SlipDocument(Samples.refund, copy: .customer, language: .zhHans)
        let expected = """
                       广州天河店
            广东省广州市天河区体育西路 1 号
                        退货小票
                         顾客联
            --------------------------------
            退款号   GD0001-01-20261125-0001
            原订单号 GD0001-01-20261124-0007
            收银台                 GD0001-01
            时间         2026-11-25 09:41:07
            收银员                      王芳
            --------------------------------
            感冒灵颗粒 10g*9袋
              2 x 12.50                25.00
            --------------------------------
            退款合计                 ￥25.00
            --------------------------------
            卡号         6160 **** **** 0002
            余额                     ￥75.00
            状态                  退款已同意
            审核员                      李明
            审核意见    包装完好，同意退货。
                GD0001-01-20261125-0001
                   客服 400-800-1234
                   报修 400-800-5678
                    请妥善保管此小票

            """
        #expect(SlipText(columns: 32).render(slip) == expected)
    }

    @Test func `merchant's copy of a refund on 58 mm in English`() throws {
        let slip = try SlipDocument(Samples.refund, copy: .merchant, language: .en)
        let expected = """
                       广州天河店
            广东省广州市天河区体育西路 1 号
                      Refund slip
                     Merchant copy
            --------------------------------
            Refund   GD0001-01-20261125-0001
            Original order
              GD0001-01-20261124-0007
            Till                   GD0001-01
            Time         2026-11-25 09:41:07
            Cashier                     王芳
            --------------------------------
            感冒灵颗粒 10g*9袋
              2 x 12.50                25.00
            --------------------------------
            Refund total             ￥25.00
            --------------------------------
            Card         6160 **** **** 0002
            Balance after            ￥75.00
            State            Refund approved
            Approver                    李明
            Opinion     包装完好，同意退货。
            --------------------------------
            Holder                     张*芳
            Holder's signature:


            ________________________________
                GD0001-01-20261125-0001
                  Service 400-800-1234
               Fault reports 400-800-5678

            """
        #expect(SlipText(columns: 32).render(slip) == expected)
    }

    // The bars have tests of their own.
    @Test func `merchant's copy for the screen`() throws {
        let slip = try SlipDocument(
            Samples.facts(storeName: "<店>"), copy: .merchant, language: .zhHans)
        let html = SlipHTML(paper: .narrow).render(slip)
            .split(separator: "\n").filter { !$0.hasPrefix("<svg") }.joined(separator: "\n")
        let expected = """
            <article class="slip slip-58">
            <p class="slip-store">&lt;店&gt;</p>
            <p class="slip-centre">广东省广州市天河区体育西路 1 号</p>
            <p class="slip-title">消费小票</p>
            <p class="slip-centre">商户存根</p>
            <hr class="slip-rule">
            <p class="slip-pair"><span>订单号</span><span>GD0001-01-20261125-0001</span></p>
            <p class="slip-pair"><span>收银台</span><span>GD0001-01</span></p>
            <p class="slip-pair"><span>时间</span><span>2026-11-25 09:41:07</span></p>
            <p class="slip-pair"><span>收银员</span><span>王芳</span></p>
            <hr class="slip-rule">
            <div class="slip-line"><p class="slip-name">感冒灵颗粒 10g*9袋</p><p class="slip-pair"><span>2 x 12.50</span><span>25.00</span></p><p class="slip-note">原价 13.00</p></div>
            <hr class="slip-rule">
            <p class="slip-pair"><span>原价合计</span><span>26.00</span></p>
            <p class="slip-pair slip-total"><span>合计</span><span>¥25.00</span></p>
            <hr class="slip-rule">
            <p class="slip-pair"><span>卡号</span><span>6160 **** **** 0002</span></p>
            <p class="slip-pair"><span>余额</span><span>¥75.00</span></p>
            <p class="slip-pair"><span>状态</span><span>已授权</span></p>
            <hr class="slip-rule">
            <p class="slip-pair"><span>持卡人</span><span>张*芳</span></p>
            <p class="slip-sign">持卡人签名</p>
            <p class="slip-centre">客服 400-800-1234</p>
            <p class="slip-centre">报修 400-800-5678</p>
            </article>
            """
        #expect(html == expected)
    }
}

namespace EbpfLb.Http.Page;

/// <summary>What happens to a connection, and why.</summary>
internal static class ExplainView
{
    private static readonly string[] Protocols = ["TCP", "UDP", "SCTP"];

    /// <param name="answer">null: nothing was asked.</param>
    public static void Write(HtmlWriter html, ExplainQuestion? question, PageExplanation? answer)
    {
        html.Add($"""
            <p>What happens to a connection, as <code>ebpflb explain</code> says it.</p>
            <form method="get"><input type="hidden" name="view" value="explain">
            <div><label for="from">Source address</label>
            <input id="from" name="from" required maxlength="45" autocomplete="off" placeholder="10.244.1.7" value="{question?.From}">
            </div>
            <div><label for="to">Destination address</label>
            <input id="to" name="to" required maxlength="45" autocomplete="off" placeholder="10.96.0.10" value="{question?.To}">
            </div>
            <div><label for="port">Port</label>
            <input id="port" name="port" required maxlength="5" inputmode="numeric" size="6" autocomplete="off" value="{question?.Port}">
            </div>
            <div><label for="protocol">Protocol</label><select id="protocol" name="protocol">
            """);
        foreach (var protocol in Protocols)
        {
            var isChosen = protocol.Equals(question?.Protocol, StringComparison.OrdinalIgnoreCase);
            html.Add($"<option{new Markup(isChosen ? " selected" : "")}>{protocol}</option>");
        }
        html.Add($"</select></div><button>Explain</button></form>\n");
        if (answer?.Error is { } error) html.Add($"<p role=\"alert\" class=\"bad\">✗ {error}</p>\n");
        if (answer?.Text is { } text)
            html.Add($"<pre tabindex=\"0\" role=\"region\" aria-label=\"Explanation\" id=\"explanation\">{text}</pre>\n");
    }
}

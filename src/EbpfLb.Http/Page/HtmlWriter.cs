using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using EbpfLb.Model;

namespace EbpfLb.Http.Page;

/// <summary>HTML that is put out as it is; everything else that a page is made of is escaped.</summary>
internal readonly record struct Markup(string Html);

/// <summary>
/// Writes a page. What stands between the holes of a string is markup, what is put into a hole is text and escaped: so a value that is
/// forgotten to be escaped cannot exist.
/// </summary>
internal sealed class HtmlWriter
{
    private const int UsualLength = 32_768;

    private readonly StringBuilder text = new(UsualLength);

    /// <returns>This writer: the string has written into it already.</returns>
    public HtmlWriter Add([InterpolatedStringHandlerArgument("")] ref Hole html)
    {
        _ = html;
        return this;
    }

    public byte[] ToBytes() => Encoding.UTF8.GetBytes(text.ToString());

    /// <summary>Text and values of attributes in double quotes. What a browser would hide or turn round is replaced.</summary>
    private void AddText(ReadOnlySpan<char> value)
    {
        foreach (var c in value)
        {
            switch (c)
            {
                case '&': text.Append("&amp;"); break;
                case '<': text.Append("&lt;"); break;
                case '>': text.Append("&gt;"); break;
                case '"': text.Append("&quot;"); break;
                case '\'': text.Append("&#39;"); break;
                case '`': text.Append("&#96;"); break;
                case '\n' or '\t': text.Append(c); break;
                default: text.Append(ForeignText.IsHidden(c) ? '\uFFFD' : c); break;
            }
        }
    }

    /// <summary>What the compiler makes of the string that <see cref="Add"/> is given.</summary>
    [InterpolatedStringHandler]
    internal readonly ref struct Hole
    {
        private readonly HtmlWriter writer;

        public Hole(int literalLength, int formattedCount, HtmlWriter writer)
        {
            _ = (literalLength, formattedCount);
            this.writer = writer;
        }

        public void AppendLiteral(string markup) => writer.text.Append(markup);

        public void AppendFormatted(Markup markup) => writer.text.Append(markup.Html);

        public void AppendFormatted(string? value) => writer.AddText(value);

        public void AppendFormatted<T>(T value)
            where T : struct, IFormattable
            => writer.AddText(value.ToString(null, CultureInfo.InvariantCulture));
    }
}

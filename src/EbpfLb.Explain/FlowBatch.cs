using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using EbpfLb.Policy;

namespace EbpfLb.Explain;

/// <summary>
/// Explains flows line by line; what is answered is written before more is waited for, so a pipe can ask and listen in turns.
/// </summary>
/// <param name="note">Told once of each field that says nothing to us.</param>
/// <param name="first">Number of the first line.</param>
public sealed class FlowBatch(Explainer explainer, TextWriter output, Action<string> note, int first = 1) : IDisposable
{
    private readonly ArrayBufferWriter<byte> answers = new();
    private readonly HashSet<string> unknown = [];
    private FlowJson? json;
    private int line = first - 1;
    private int bad;

    /// <summary>Lines that could not be answered so far.</summary>
    public int Bad => bad;

    public async Task RunAsync(Stream flows, CancellationToken cancellationToken)
    {
        var reader = PipeReader.Create(flows);
        while (true)
        {
            var result = await reader.ReadAsync(cancellationToken);
            var left = Answer(result.Buffer, result.IsCompleted);
            reader.AdvanceTo(left, result.Buffer.End);
            await output.WriteAsync(Encoding.UTF8.GetString(answers.WrittenSpan).AsMemory(), cancellationToken);
            await output.FlushAsync(cancellationToken);
            answers.ResetWrittenCount();
            if (result.IsCompleted) break;
        }
        await reader.CompleteAsync();
    }

    /// <summary>Answers all lines of a text.</summary>
    public void Run(string flows)
    {
        Answer(new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(flows)), isLast: true);
        output.Write(Encoding.UTF8.GetString(answers.WrittenSpan));
        answers.ResetWrittenCount();
    }

    public void Dispose() => json?.Dispose();

    /// <summary>Answers whole lines; returns where the first one begins that is not there completely.</summary>
    private SequencePosition Answer(ReadOnlySequence<byte> buffer, bool isLast)
    {
        json ??= new FlowJson(answers);
        var rest = new SequenceReader<byte>(buffer);
        while (rest.TryReadTo(out ReadOnlySequence<byte> whole, (byte)'\n')) Answer(whole);
        if (!isLast) return rest.Position;
        if (!rest.End) Answer(rest.UnreadSequence);
        return buffer.End;
    }

    private void Answer(ReadOnlySequence<byte> text)
    {
        line++;
        ReadOnlySpan<byte> bytes = text.IsSingleSegment ? text.FirstSpan : text.ToArray();
        bytes = bytes.Trim(" \t\r"u8);
        if (bytes.IsEmpty) return;
        try
        {
            var asked = FlowLine.Parse(bytes, NoteUnknown);
            json!.Write(asked, explainer.Explain(asked.Flow));
        }
        catch (FormatException e)
        {
            bad++;
            json!.WriteError(line, e.Message);
        }
    }

    private void NoteUnknown(string field)
    {
        if (unknown.Add(field)) note($"line {line}: \"{field}\" says nothing here and is ignored; flows "
            + "have from, to, port, protocol, path and ingressInterface");
    }
}

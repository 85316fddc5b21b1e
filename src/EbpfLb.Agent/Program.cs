using EbpfLb.Agent.Commands;
using EbpfLb.Agent.Commands.Doctor;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Hosting;
using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Nodes;
using EbpfLb.Agent.Output;

var time = TimeProvider.System;
var kernel = new OwnedKernel(time);
var parts = new AgentParts(
    (options, loggers) => SourceOpener.Open(options.Start, time, loggers),
    (options, loggers) => kernel.Open(options.Start, loggers),
    new InstanceFinder(time),
    new InstanceRemover(),
    time)
{
    TakeOwnership = (options, logger, end) => kernel.TakeAsync(options.Start, logger, end),
    SetOomScore = OomScore.Set,
    Examine = new DoctorRun(new InstanceFinder(time), time).ExamineAsync,
    PrepareNode = options => NodePreparation.Run(options.Live(o => o.Node)()),
};
return await new CommandLine(parts, Terminal.OfProcess()).InvokeAsync(args);
